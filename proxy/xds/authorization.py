"""Who may do what: filters that are always there and have no rules, which come with the routes.

Rules sent with routes hold on connections that are open already; three filters, for each has one
action: what is denied, what is allowed, what is only told.
"""

from collections.abc import Callable, Iterable, Iterator

from google.protobuf.message import Message

from proxy.xds.fields import Fields
from proxy.xds.match import string_match
from proxy.xds.messages import extension, message, typed
from routing.ir import (
    AuthKey,
    Authorization,
    AuthRule,
    AuthRules,
    AuthTerm,
    AuthTerms,
    MatchKind,
    StringMatch,
)

_HTTP = "envoy.extensions.filters.http.rbac.v3."
_NETWORK = "envoy.extensions.filters.network.rbac.v3.RBAC"
_ACTIONS = ("deny", "allow", "audit")
_ENVOY_ACTIONS = {"deny": "DENY", "allow": "ALLOW", "audit": "LOG"}
_JWT = "envoy.filters.http.jwt_authn"
_ANY: Fields = {"any": True}

Rules = tuple[AuthRule, ...] | None
"""None is no filter; an empty one holds for nothing."""


def http_filters() -> list[Fields]:
    return [extension(_name(action), f"{_HTTP}RBAC") for action in _ACTIONS]


def per_route(authorization: Authorization) -> Fields:
    """`typed_per_filter_config` of a route configuration."""
    made: Fields = {}
    for action in _ACTIONS:
        parts = dict(_parts(authorization, action))
        if parts:
            rbac = message(f"{_HTTP}RBAC")(**parts)
            made[_name(action)] = typed(f"{_HTTP}RBACPerRoute", rbac=rbac)
    return made


def network_filters(authorization: Authorization | None) -> list[Fields]:
    """Filters before a TCP proxy."""
    if authorization is None:
        return []
    made = []
    for action in _ACTIONS:
        parts = dict(_parts(authorization, action))
        if parts:
            name = f"envoy.filters.network.rbac.{action}"
            made.append(extension(name, _NETWORK, stat_prefix=f"tcp.{action}.", **parts))
    return made


def _name(action: str) -> str:
    return f"envoy.filters.http.rbac.{action}"


def _parts(authorization: Authorization, action: str) -> Iterator[tuple[str, Fields]]:
    for field, rules in (("rules", authorization.rules), ("shadow_rules", authorization.dry)):
        given = _of_action(rules, action)
        if given is not None:
            yield field, _rules(given, action)


def _of_action(rules: AuthRules, action: str) -> Rules:
    if action == "allow":
        return rules.allow
    return (rules.deny if action == "deny" else rules.audit) or None


def _rules(rules: tuple[AuthRule, ...], action: str) -> Fields:
    return {
        "action": _ENVOY_ACTIONS[action],
        "policies": {rule.name: _policy(rule) for rule in rules},
    }


def _policy(rule: AuthRule) -> Message:
    conditions = rule.conditions
    permissions = [t for t in conditions if t.key in _PERMISSIONS]
    principals = [t for t in conditions if t.key in _PRINCIPALS]
    made: Message = message("envoy.config.rbac.v3.Policy")(
        permissions=[_all([*_one_of(rule.operations, "rules"), *map(_permission, permissions)])],
        principals=[_all([*_one_of(rule.sources, "ids"), *map(_principal, principals)], "ids")],
    )
    return made


def _one_of(alternatives: tuple[AuthTerms, ...], field: str) -> Iterator[Fields]:
    make = _permission if field == "rules" else _principal
    if alternatives:
        yield _any([_all([make(t) for t in terms], field) for terms in alternatives], field)


def _all(parts: list[Fields], field: str = "rules") -> Fields:
    if not parts:
        return _ANY
    return parts[0] if len(parts) == 1 else {f"and_{field}": {field: parts}}


def _any(parts: list[Fields], field: str) -> Fields:
    return parts[0] if len(parts) == 1 else {f"or_{field}": {field: parts}}


def _permission(term: AuthTerm) -> Fields:
    made = _any([part for value in term.values for part in _PERMISSIONS[term.key](value)], "rules")
    return {"not_rule": made} if term.invert else made


def _principal(term: AuthTerm) -> Fields:
    if term.key is AuthKey.HEADER:
        parts: Iterable[Fields] = [{"header": _header(term.name[0], v)} for v in term.values]
    elif term.key is AuthKey.CLAIM:
        parts = [part for value in term.values for part in _claim(term.name, value)]
    else:
        parts = [part for value in term.values for part in _PRINCIPALS[term.key](value)]
    made = _any(list(parts), "ids")
    return {"not_id": made} if term.invert else made


# --- one value ---------------------------------------------------------------------------------


def _host(value: StringMatch) -> Iterator[Fields]:
    matcher = _matcher(value)
    if "safe_regex" not in matcher:
        matcher["ignore_case"] = True
    yield {"header": {"name": ":authority", "string_match": matcher}}


def _method(value: StringMatch) -> Iterator[Fields]:
    yield {"header": _header(":method", value)}


def _path(value: StringMatch) -> Iterator[Fields]:
    yield {"url_path": {"path": _matcher(value)}}


def _port(value: StringMatch) -> Iterator[Fields]:
    yield {"destination_port": int(value.value)}


def _destination_ip(value: StringMatch) -> Iterator[Fields]:
    yield {"destination_ip": _network(value.value)}


def _sni(value: StringMatch) -> Iterator[Fields]:
    yield {"requested_server_name": _matcher(value)}


def _identity(value: StringMatch) -> Iterator[Fields]:
    """Principals are written without "spiffe://"."""
    if value.kind in (MatchKind.EXACT, MatchKind.PREFIX):
        value = StringMatch(kind=value.kind, value=f"spiffe://{value.value}")
    yield {"authenticated": {"principal_name": _matcher(value)}}


def _namespace(value: StringMatch) -> Iterator[Fields]:
    before, after = {
        MatchKind.PRESENT: ("", "[^/]+"),
        MatchKind.PREFIX: (value.value, "[^/]*"),
        MatchKind.SUFFIX: ("[^/]*", value.value),
    }.get(value.kind, (value.value, ""))
    pattern = "".join(p if p.startswith("[") else _literal(p) for p in (before, after))
    regex = f".*/ns/{pattern}/.*"
    yield {"authenticated": {"principal_name": {"safe_regex": {"regex": regex}}}}


def _source_ip(value: StringMatch) -> Iterator[Fields]:
    yield {"direct_remote_ip": _network(value.value)}


def _remote_ip(value: StringMatch) -> Iterator[Fields]:
    yield {"remote_ip": _network(value.value)}


def _request_principal(value: StringMatch) -> Iterator[Fields]:
    """ "issuer/subject": what is written without its slash leaves the other part free."""
    anything = StringMatch(kind=MatchKind.PRESENT)
    issuer, slash, subject = value.value.rpartition("/")
    match value.kind:
        case MatchKind.PRESENT:
            parts = (anything, anything)
        case MatchKind.PREFIX if slash:
            rest = StringMatch(kind=MatchKind.PREFIX, value=subject) if subject else anything
            parts = (StringMatch(kind=MatchKind.EXACT, value=issuer), rest)
        case MatchKind.PREFIX:
            parts = (value, anything)
        case MatchKind.SUFFIX if slash:
            rest = StringMatch(kind=MatchKind.SUFFIX, value=issuer) if issuer else anything
            parts = (rest, StringMatch(kind=MatchKind.EXACT, value=subject))
        case MatchKind.SUFFIX:
            parts = (anything, value)
        case _:
            parts = (
                StringMatch(kind=MatchKind.EXACT, value=issuer),
                StringMatch(kind=MatchKind.EXACT, value=subject),
            )
    yield _all([_metadata(("iss",), parts[0]), _metadata(("sub",), parts[1])], "ids")


def _claim(path: tuple[str, ...], value: StringMatch) -> Iterator[Fields]:
    """A claim may be one text or a list of them."""
    yield _metadata(path, value)
    listed = {"list_match": {"one_of": {"string_match": _matcher(value)}}}
    yield _at(path, listed)


def _metadata(path: tuple[str, ...], value: StringMatch) -> Fields:
    return _at(path, {"string_match": _matcher(value)})


def _at(path: tuple[str, ...], wanted: Fields) -> Fields:
    matcher = {"filter": _JWT, "path": _claim_path(path), "value": wanted}
    return {"sourced_metadata": {"metadata_matcher": matcher}}


def _claim_path(path: tuple[str, ...]) -> list[Fields]:
    return [{"key": key} for key in ("payload", *path)]


def _header(name: str, value: StringMatch) -> Fields:
    if value.kind is MatchKind.PRESENT:
        return {"name": name, "present_match": True}
    return {"name": name, "string_match": _matcher(value)}


def _matcher(value: StringMatch) -> Fields:
    if value.kind is MatchKind.PRESENT:
        return {"safe_regex": {"regex": ".+"}}
    if value.kind is MatchKind.SUFFIX:
        return {"suffix": value.value}
    return string_match(value)


def _literal(written: str) -> str:
    return "".join(c if c.isalnum() or c in "-_" else f"\\{c}" for c in written)


def _network(written: str) -> Fields:
    host, _, length = written.partition("/")
    whole = 128 if ":" in host else 32
    return {"address_prefix": host, "prefix_len": {"value": int(length) if length else whole}}


Parts = Callable[[StringMatch], Iterator[Fields]]
_PERMISSIONS: dict[AuthKey, Parts] = {
    AuthKey.HOST: _host,
    AuthKey.METHOD: _method,
    AuthKey.PATH: _path,
    AuthKey.PORT: _port,
    AuthKey.DESTINATION_IP: _destination_ip,
    AuthKey.SNI: _sni,
}
_PRINCIPALS: dict[AuthKey, Parts] = {
    AuthKey.PRINCIPAL: _identity,
    AuthKey.NAMESPACE: _namespace,
    AuthKey.SOURCE_IP: _source_ip,
    AuthKey.REMOTE_IP: _remote_ip,
    AuthKey.REQUEST_PRINCIPAL: _request_principal,
    AuthKey.HEADER: lambda _: iter(()),
    AuthKey.CLAIM: lambda _: iter(()),
}
