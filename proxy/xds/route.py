"""Routes, virtual hosts and route configurations."""

from google.protobuf.message import Message

from proxy.xds import authorization, cors, fault
from proxy.xds.backstop import cluster_of, looks_first, per_share
from proxy.xds.fields import METADATA, Fields, header_change, metadata, number, service_host, told
from proxy.xds.hashing import hash_policy
from proxy.xds.match import route_match
from proxy.xds.messages import duration, message
from proxy.xds.mirrors import request_mirror_policies
from proxy.xds.retry import retry_policy
from routing.ir import (
    Authorization,
    DirectResponse,
    MatchKind,
    Redirect,
    Rewrite,
    Route,
    StringMatch,
    VirtualHost,
    WeightedCluster,
)

SOURCE_HEADER = "x-meshweb-source"
"""Who calls, as the caller's own proxy says it; for proxies, never for applications."""

_REDIRECT_CODES = {
    301: "MOVED_PERMANENTLY",
    302: "FOUND",
    303: "SEE_OTHER",
    307: "TEMPORARY_REDIRECT",
    308: "PERMANENT_REDIRECT",
}


def route_configuration(name: str, guard: Authorization | None = None) -> Message:
    """Everything of a route configuration but its virtual hosts."""
    fields: Fields = {"name": name}
    if guard is not None:
        fields["typed_per_filter_config"] = authorization.per_route(guard)
    if name.startswith("inbound|"):
        fields["request_headers_to_remove"] = [SOURCE_HEADER]
    made: Message = message("envoy.config.route.v3.RouteConfiguration")(**fields)
    return made


def virtual_host(host: VirtualHost) -> Message:
    made: Message = message("envoy.config.route.v3.VirtualHost")(
        name=host.name, domains=list(host.domains), routes=[_route(route) for route in host.routes]
    )
    return made


def _route(route: Route) -> Fields:
    made: Fields = {
        "name": route.name,
        "match": route_match(route.match),
        "metadata": metadata(**{METADATA: _facts(route)}),
        **header_change(route.response_headers, kind="response"),
        **header_change(route.request_headers, kind="request"),
    }
    if route.service_name:
        made["decorator"] = {
            "operation": service_host(route.service_name, route.service_namespace),
            "propagate": {"value": False},
        }
    if route.stat_prefix:
        made["stat_prefix"] = route.stat_prefix
    per_filter = _per_filter(route)
    if per_filter:
        made["typed_per_filter_config"] = per_filter
    if route.direct_response is not None:
        made["direct_response"] = _direct_response(route.direct_response)
    elif route.redirect is not None:
        made["redirect"] = _redirect(route.redirect)
    else:
        made["route"] = _action(route)
    return made


def _per_filter(route: Route) -> Fields:
    """What this route changes of filters that are always installed."""
    made: Fields = {}
    if route.fault is not None:
        made |= fault.per_route(route.fault)
    if route.cors is not None:
        made |= cors.per_route(route.cors)
    return made


def _direct_response(response: DirectResponse) -> Fields:
    body = (
        {"inline_bytes": response.body_bytes}
        if response.body_bytes
        else {"inline_string": response.body}
    )
    return {"status": response.status, "body": body}


def _facts(route: Route) -> dict[str, str]:
    """What telemetry and error reports want to know of a route."""
    return {
        "origin": told(route.origin),
        "service": service_host(route.service_name, route.service_namespace),
        "service_name": route.service_name,
        "service_namespace": route.service_namespace,
    }


def _action(route: Route) -> Fields:
    made: Fields = {"timeout": duration(route.timeout_ms or 0), **_target(route.clusters)}
    if route.match.connect:
        made["upgrade_configs"] = [{"upgrade_type": "CONNECT", "connect_config": {}}]
    if route.retry is not None and route.retry.attempts > 0:
        made["retry_policy"] = retry_policy(route.retry)
    if route.rewrite is not None:
        made |= _rewrite(route.rewrite, route.match.path)
    if route.mirrors:
        made["request_mirror_policies"] = request_mirror_policies(route.mirrors)
    if route.hashing:
        made["hash_policy"] = [hash_policy(policy) for policy in route.hashing]
    return made


def _target(clusters: tuple[WeightedCluster, ...]) -> Fields:
    if len(clusters) == 1 and not per_share(clusters[0].backstop):
        only = clusters[0]
        if only == WeightedCluster(cluster=only.cluster, backstop=only.backstop):
            choice = looks_first(only)
            if choice is None:
                return {"cluster": cluster_of(only)}
            extension = {"name": "fallback", "typed_config": choice}
            return {"inline_cluster_specifier_plugin": {"extension": extension}}
    return {
        "weighted_clusters": {
            "clusters": [
                {
                    "name": cluster_of(share),
                    "weight": number(share.weight),
                    **per_share(share.backstop),
                    **header_change(share.request_headers, kind="request"),
                    **header_change(share.response_headers, kind="response"),
                }
                for share in clusters
            ]
        }
    }


def _rewrite(rewrite: Rewrite, path: StringMatch) -> Fields:
    made: Fields = {}
    if rewrite.host:
        made["host_rewrite_literal"] = rewrite.host
    if rewrite.pattern:
        made["regex_rewrite"] = {
            "pattern": {"regex": rewrite.pattern},
            "substitution": rewrite.path,
        }
    elif rewrite.path and path.kind is MatchKind.REGEX:
        made["regex_rewrite"] = {"pattern": {"regex": path.value}, "substitution": rewrite.path}
    elif rewrite.path:
        made["prefix_rewrite"] = rewrite.path
    return made


def _redirect(redirect: Redirect) -> Fields:
    made: Fields = {"response_code": _REDIRECT_CODES.get(redirect.status, "MOVED_PERMANENTLY")}
    if redirect.scheme:
        made["scheme_redirect"] = redirect.scheme
    if redirect.host:
        made["host_redirect"] = redirect.host
    if redirect.port is not None:
        made["port_redirect"] = redirect.port
    if redirect.path:
        made["path_redirect"] = redirect.path
    elif redirect.pattern:
        made["regex_rewrite"] = {
            "pattern": {"regex": redirect.pattern},
            "substitution": redirect.prefix,
        }
    elif redirect.prefix:
        made["prefix_rewrite"] = redirect.prefix
    return made
