"""What answers in place of a cluster that cannot.

An answer of the proxy's own: a filter that is always installed replaces a response once a route has
told it which. It looks at why there is a response, not at its status alone: a service's own 503 is
its answer. Another service: a cluster that asks another one when the first has no endpoint that
takes requests (connections: one that takes them by priority, for the first kind counts tries, which
bytes do not have); and while the first is at a limit, where Envoy neither retries nor looks further,
a few lines of Lua that look before the request is sent.
"""

import json
from typing import Any

from google.protobuf.message import Message

from proxy.xds.fields import Fields, number
from proxy.xds.messages import extension, typed
from routing.ir import Answer, Backstop, ClusterKind, Failing, WeightedCluster

NAME = "envoy.filters.http.custom_response"
_KIND = "envoy.extensions.filters.http.custom_response.v3.CustomResponse"
_ANSWER = "envoy.extensions.http.custom_response.local_response_policy.v3.LocalResponsePolicy"
_LUA = "envoy.extensions.router.cluster_specifiers.lua.v3.LuaConfig"

_RESET = "upstream_reset_before_response_started{"
_WHY = {
    Failing.UNAVAILABLE: (
        "no_healthy_upstream",
        f"{_RESET}overflow",
        f"{_RESET}remote_connection_failure",
        f"{_RESET}local_connection_failure",
        f"{_RESET}connection_timeout",
    ),
    Failing.TIMEOUT: ("response_timeout", "upstream_per_try_timeout"),
}
"""How Envoy's response code details begin; why a connection failed comes after."""


def backstop_filter() -> Fields:
    return extension(NAME, _KIND)


def cluster_type(kind: ClusterKind, members: tuple[str, ...]) -> Fields:
    name, config = f"envoy.clusters.{kind}", f"envoy.extensions.clusters.{kind}.v3.ClusterConfig"
    named = [{"name": one} for one in members] if kind is ClusterKind.COMPOSITE else members
    return {
        "lb_policy": "CLUSTER_PROVIDED",
        "cluster_type": extension(name, config, clusters=named),
    }


def per_share(backstop: Backstop | None) -> Fields:
    """What a share of a route adds to say what is answered in place of its cluster."""
    if backstop is None or backstop.answer is None:
        return {}
    matchers = [_matcher(when, backstop.answer) for when in _predicates(backstop.on)]
    config = typed(_KIND, custom_response_matcher={"matcher_list": {"matchers": matchers}})
    return {"typed_per_filter_config": {NAME: config}}


def cluster_of(share: WeightedCluster) -> str:
    backstop = share.backstop
    return backstop.through if backstop is not None and backstop.through else share.cluster


def looks_first(share: WeightedCluster) -> Message | None:
    """A choice between the cluster and its fallback by how full the cluster is, if it has limits."""
    backstop = share.backstop
    if backstop is None or not backstop.target:
        return None
    full = []
    if backstop.max_requests is not None:
        # a request that waits for its connection is not yet one of the cluster's
        full.append(f"c:numRequests() + c:numPendingRequests() >= {backstop.max_requests}")
    if backstop.max_pending is not None:
        full.append(f"c:numPendingRequests() >= {max(1, backstop.max_pending)}")
    if not full:
        return None
    code = (
        "function envoy_on_route(handle)\n"
        f"  local c = handle:getCluster({_text(share.cluster)})\n"
        f"  if c and ({' or '.join(full)}) then return {_text(backstop.target)} end\n"
        f"  return {_text(backstop.through)}\n"
        "end\n"
    )
    return typed(_LUA, source_code={"inline_string": code}, default_cluster=backstop.through)


def _text(name: str) -> str:
    """Names of clusters have no character that JSON and Lua write differently."""
    return json.dumps(name)


def _matcher(predicate: Fields, answer: Answer) -> Fields:
    headers = {"content-type": answer.content_type, **dict(answer.headers)}
    policy = extension(
        "answer",
        _ANSWER,
        status_code=number(answer.status),
        body={"inline_string": answer.body},
        response_headers_to_add=[
            {
                "header": {"key": key, "value": value.replace("%", "%%")},
                "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
            }
            for key, value in headers.items()
        ],
    )
    return {"predicate": predicate, "on_match": {"action": policy}}


def _predicates(on: tuple[Failing, ...]) -> list[Fields]:
    reasons = [reason for when in on for reason in _WHY.get(when, ())]
    made = [_because_of(reasons)] if reasons else []
    return [*made, _any_5xx()] if Failing.ERROR in on else made


def _any_5xx() -> Fields:
    class_input = extension("class", "envoy.type.matcher.v3.HttpResponseStatusCodeClassMatchInput")
    return {"single_predicate": {"input": class_input, "value_match": {"exact": "5xx"}}}


def _because_of(reasons: list[str]) -> Fields:
    """A CEL expression, parsed: response.code_details begins with one of the reasons."""
    ids = iter(range(1, 1000))

    def node(**kind: Any) -> Fields:
        return {"id": next(ids), **kind}

    def call(function: str, *args: Fields) -> Fields:
        return node(call_expr={"function": function, "args": list(args)})

    def begins(reason: str) -> Fields:
        response = node(ident_expr={"name": "response"})
        details = node(select_expr={"operand": response, "field": "code_details"})
        word = node(const_expr={"string_value": reason})
        return node(call_expr={"target": details, "function": "startsWith", "args": [word]})

    whole = begins(reasons[0])
    for reason in reasons[1:]:
        whole = call("_||_", whole, begins(reason))
    return {
        "single_predicate": {
            "input": extension("why", "xds.type.matcher.v3.HttpAttributesCelMatchInput"),
            "custom_match": extension(
                "cel",
                "xds.type.matcher.v3.CelMatcher",
                expr_match={"cel_expr_parsed": {"expr": whole}},
            ),
        }
    }
