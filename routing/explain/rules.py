"""Who may do what: which rule holds, and of every other what failed first (as Envoy's RBAC)."""

import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from routing.explain import paths
from routing.explain.answer import Considered, Guarded
from routing.explain.question import Connection, Request
from routing.explain.strings import matches, said
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

NAMESPACE = re.compile(r".*/ns/([^/]*)/.*")
ACTIONS = ("deny", "allow", "audit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What rules may ask for. `request` is None for a connection that is not HTTP."""

    connection: Connection
    request: Request | None = None
    claims: Mapping[str, Any] | None = None
    remote_address: str = ""


def guards(given: Authorization | None, facts: Facts) -> tuple[Guarded, ...]:
    """What every action says, in order, up to the one that refuses."""
    found: list[Guarded] = []
    if given is None:
        return ()
    for action in ACTIONS:
        dry = _dry(given, action, facts)
        found += [dry] if dry else []
        real = _real(given, action, facts)
        found += [real] if real else []
        if real is not None and not real.passes:
            break
    return tuple(found)


def _dry(given: Authorization, action: str, facts: Facts) -> Guarded | None:
    rules = _of(given.dry, action)
    return None if rules is None else _guarded(action, rules, facts, dry_run=True)


def _real(given: Authorization, action: str, facts: Facts) -> Guarded | None:
    rules = _of(given.rules, action)
    return None if rules is None else _guarded(action, rules, facts, dry_run=False)


def _of(rules: AuthRules, action: str) -> tuple[AuthRule, ...] | None:
    if action == "allow":
        return rules.allow
    return (rules.deny if action == "deny" else rules.audit) or None


def _guarded(action: str, rules: tuple[AuthRule, ...], facts: Facts, *, dry_run: bool) -> Guarded:
    # Envoy keeps rules by name, and the first of them that holds is the one it tells
    ordered = sorted(rules, key=lambda rule: rule.name.encode())
    judged = tuple(_considered(rule, facts) for rule in ordered)
    held = next((one for one in judged if one.holds), None)
    passes = {"deny": held is None, "allow": held is not None}.get(action, True)
    return Guarded(
        action=action,
        dry_run=dry_run,
        passes=passes,
        message=_message(action, held, dry_run=dry_run),
        rule=held.name if held else "",
        resource=held.resource if held else "",
        path=held.path if held else "",
        rules=judged,
    )


def _message(action: str, held: Considered | None, *, dry_run: bool) -> str:
    where = f"{held.resource} {held.path}" if held else ""
    would = "would be " if dry_run else ""
    if action == "audit":
        return f"{would}told by {where}" if held else "not told"
    if action == "deny":
        return f"{would}denied by {where}" if held else "no rule denies it"
    if held:
        return f"{would}allowed by {where}"
    return f"{would}denied: there are rules that allow, and none of them holds"


def _considered(rule: AuthRule, facts: Facts) -> Considered:
    failed = failure(rule, facts)
    return Considered(
        name=rule.name,
        holds=failed is None,
        reason=failed or _held(rule),
        resource=str(rule.origin.resource) if rule.origin else "",
        path=rule.origin.path if rule.origin else "",
    )


def failure(rule: AuthRule, facts: Facts) -> str | None:
    """What does not hold of the rule; None when all does."""
    for part, alternatives in (("from", rule.sources), ("to", rule.operations)):
        failed = _none_of(part, alternatives, facts)
        if failed:
            return failed
    for index, term in enumerate(rule.conditions):
        failed = term_failure(term, facts)
        if failed:
            return f"when[{index}]: {failed}"
    return None


def _none_of(part: str, alternatives: tuple[AuthTerms, ...], facts: Facts) -> str | None:
    failed = [_all_of(terms, facts) for terms in alternatives]
    if not failed or None in failed:
        return None
    return "; ".join(f"{part}[{index}]: {reason}" for index, reason in enumerate(failed))


def _all_of(terms: AuthTerms, facts: Facts) -> str | None:
    return next((reason for reason in (term_failure(t, facts) for t in terms) if reason), None)


def term_failure(term: AuthTerm, facts: Facts) -> str | None:
    found = any(HOLDS[term.key](value, term.name, facts) for value in term.values)
    if found is not term.invert:
        return None
    wanted = " or ".join(_wanted(term.key, value) for value in term.values)
    named = ".".join([_NAMES[term.key], *term.name])
    given = ", ".join(_given(term, facts)) or "missing"
    return f"{named} is {given}, {'which is excluded' if term.invert else f'not {wanted}'}"


def _held(rule: AuthRule) -> str:
    every = [t for terms in (*rule.sources, *rule.operations, rule.conditions) for t in terms]
    return "; ".join(map(_asked, every)) or "it holds for everything"


def _asked(term: AuthTerm) -> str:
    named = ".".join([_NAMES[term.key], *term.name])
    if term.invert and any(value.kind is MatchKind.PRESENT for value in term.values):
        return f"{named} is missing"
    wanted = " or ".join(_wanted(term.key, value) for value in term.values)
    return f"{named} is {'not ' * term.invert}{wanted}"


def _wanted(key: AuthKey, value: StringMatch) -> str:
    return value.value if key in _EXACT_TEXTS else said(value)


# --- what is asked for -------------------------------------------------------------------------


def _text(value: StringMatch, given: str | None) -> bool:
    if value.kind is MatchKind.PRESENT:
        return bool(given)
    return given is not None and matches(value, given)


def _principal(value: StringMatch, _: tuple[str, ...], facts: Facts) -> bool:
    given = facts.connection.principal
    if not given:
        return False
    if value.kind in (MatchKind.EXACT, MatchKind.PREFIX):
        given = given.removeprefix("spiffe://")
    return _text(value, given)


def _namespace(value: StringMatch, _: tuple[str, ...], facts: Facts) -> bool:
    found = NAMESPACE.fullmatch(facts.connection.principal)
    return found is not None and _text(value, found[1])


def _source_ip(value: StringMatch, _: tuple[str, ...], facts: Facts) -> bool:
    return _in_network(facts.connection.address, value.value)


def _remote_ip(value: StringMatch, _: tuple[str, ...], facts: Facts) -> bool:
    return _in_network(facts.remote_address, value.value)


def _destination_ip(value: StringMatch, _: tuple[str, ...], facts: Facts) -> bool:
    return _in_network(facts.connection.to_address, value.value)


def _in_network(address: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def _port(value: StringMatch, _: tuple[str, ...], facts: Facts) -> bool:
    return value.value == str(facts.connection.to_port)


def _sni(value: StringMatch, _: tuple[str, ...], facts: Facts) -> bool:
    return _text(value, facts.connection.sni)


def _host(value: StringMatch, _: tuple[str, ...], facts: Facts) -> bool:
    given = facts.request.authority if facts.request else ""
    if value.kind is MatchKind.REGEX:
        return _text(value, given)
    folded = StringMatch(kind=value.kind, value=value.value, ignore_case=True)
    return _text(folded, given)


def _method(value: StringMatch, _: tuple[str, ...], facts: Facts) -> bool:
    return _text(value, facts.request.method if facts.request else None)


def _path(value: StringMatch, _: tuple[str, ...], facts: Facts) -> bool:
    return _text(value, paths.bare(facts.request.path) if facts.request else None)


def _header(value: StringMatch, name: tuple[str, ...], facts: Facts) -> bool:
    given = facts.request.values(name[0]) if facts.request else ()
    if value.kind is MatchKind.PRESENT:
        return bool(given)
    return any(_text(value, one) for one in given)


def _request_principal(value: StringMatch, _: tuple[str, ...], facts: Facts) -> bool:
    """ "issuer/subject": what is written without its slash leaves the other part free."""
    claims = facts.claims or {}
    issuer, subject = claims.get("iss"), claims.get("sub")
    if not (isinstance(issuer, str) and isinstance(subject, str) and issuer and subject):
        return False
    if value.kind is MatchKind.PREFIX and "/" not in value.value:
        return issuer.startswith(value.value)
    if value.kind is MatchKind.SUFFIX and "/" not in value.value:
        return subject.endswith(value.value)
    return _of_both(value, issuer, subject)


def _of_both(value: StringMatch, issuer: str, subject: str) -> bool:
    wanted_issuer, _, wanted_subject = value.value.rpartition("/")
    match value.kind:
        case MatchKind.PRESENT:
            return True
        case MatchKind.PREFIX:
            return issuer == wanted_issuer and subject.startswith(wanted_subject)
        case MatchKind.SUFFIX:
            return issuer.endswith(wanted_issuer) and subject == wanted_subject
        case _:
            return (issuer, subject) == (wanted_issuer, wanted_subject)


def _claim(value: StringMatch, name: tuple[str, ...], facts: Facts) -> bool:
    found = _claim_at(facts.claims, name)
    listed = found if isinstance(found, list) else [found]
    return any(_text(value, one) for one in listed if isinstance(one, str))


def _claim_at(claims: Mapping[str, Any] | None, name: tuple[str, ...]) -> Any:
    found: Any = claims
    for part in name:
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


HOLDS: Mapping[AuthKey, Callable[[StringMatch, tuple[str, ...], Facts], bool]] = {
    AuthKey.PRINCIPAL: _principal,
    AuthKey.NAMESPACE: _namespace,
    AuthKey.SOURCE_IP: _source_ip,
    AuthKey.REMOTE_IP: _remote_ip,
    AuthKey.REQUEST_PRINCIPAL: _request_principal,
    AuthKey.CLAIM: _claim,
    AuthKey.HEADER: _header,
    AuthKey.HOST: _host,
    AuthKey.PORT: _port,
    AuthKey.METHOD: _method,
    AuthKey.PATH: _path,
    AuthKey.DESTINATION_IP: _destination_ip,
    AuthKey.SNI: _sni,
}

_NAMES: Mapping[AuthKey, str] = {
    AuthKey.PRINCIPAL: "the client's identity",
    AuthKey.NAMESPACE: "the client's namespace",
    AuthKey.SOURCE_IP: "the peer's address",
    AuthKey.REMOTE_IP: "the client's address",
    AuthKey.REQUEST_PRINCIPAL: "the token's principal",
    AuthKey.CLAIM: "claim",
    AuthKey.HEADER: "header",
    AuthKey.HOST: "the host",
    AuthKey.PORT: "the port",
    AuthKey.METHOD: "the method",
    AuthKey.PATH: "the path",
    AuthKey.DESTINATION_IP: "the destination's address",
    AuthKey.SNI: "the server name",
}
_EXACT_TEXTS = frozenset(
    {AuthKey.SOURCE_IP, AuthKey.REMOTE_IP, AuthKey.DESTINATION_IP, AuthKey.PORT}
)


def _given(term: AuthTerm, facts: Facts) -> Iterator[str]:
    """What the request or connection has of it, in words."""
    for value in _values(term, facts):
        if value is not None and value != "":
            yield f'"{value}"'


def _values(term: AuthTerm, facts: Facts) -> Iterable[object]:
    connection, request, claims = facts.connection, facts.request, facts.claims or {}
    match term.key:
        case AuthKey.PRINCIPAL:
            return (connection.principal.removeprefix("spiffe://"),)
        case AuthKey.NAMESPACE:
            found = NAMESPACE.fullmatch(connection.principal)
            return (found[1] if found else None,)
        case AuthKey.REQUEST_PRINCIPAL:
            return (f"{claims['iss']}/{claims['sub']}" if {"iss", "sub"} <= set(claims) else None,)
        case AuthKey.CLAIM:
            value = _claim_at(facts.claims, term.name)
            return value if isinstance(value, list) else (value,)
        case AuthKey.HEADER:
            return request.values(term.name[0]) if request else ()
        case _:
            return (_plain_value(term.key, facts),)


def _plain_value(key: AuthKey, facts: Facts) -> object:
    connection, request = facts.connection, facts.request
    of_connection: Mapping[AuthKey, object] = {
        AuthKey.SOURCE_IP: connection.address,
        AuthKey.REMOTE_IP: facts.remote_address,
        AuthKey.DESTINATION_IP: connection.to_address,
        AuthKey.PORT: connection.to_port,
        AuthKey.SNI: connection.sni,
    }
    if key in of_connection:
        return of_connection[key]
    if request is None:
        return None
    return {
        AuthKey.HOST: request.authority,
        AuthKey.METHOD: request.method,
        AuthKey.PATH: paths.bare(request.path),
    }[key]
