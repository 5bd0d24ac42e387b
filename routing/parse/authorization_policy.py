"""Reads an AuthorizationPolicy."""

import re
from collections.abc import Iterator

from routing.contracts import Document
from routing.ir import AuthKey, AuthRule, AuthTerm, AuthTerms, MatchKind, Origin, StringMatch
from routing.model.authorization_policy import Action, AuthorizationPolicy
from routing.model.networks import is_network
from routing.parse.notes import Note, Spec, items, label_set, metadata_of, part, text, texts
from routing.parse.targets import targets

DRY_RUN = "istio.io/dry-run"
ADDRESSES = (AuthKey.SOURCE_IP, AuthKey.REMOTE_IP, AuthKey.DESTINATION_IP)
FIELDS = {
    "principals": AuthKey.PRINCIPAL,
    "requestPrincipals": AuthKey.REQUEST_PRINCIPAL,
    "namespaces": AuthKey.NAMESPACE,
    "ipBlocks": AuthKey.SOURCE_IP,
    "remoteIpBlocks": AuthKey.REMOTE_IP,
    "serviceAccounts": AuthKey.PRINCIPAL,
    "hosts": AuthKey.HOST,
    "ports": AuthKey.PORT,
    "methods": AuthKey.METHOD,
    "paths": AuthKey.PATH,
}
SERVICE_ACCOUNT = "source.serviceAccount"
CONDITIONS = {
    "source.ip": (AuthKey.SOURCE_IP, ()),
    "remote.ip": (AuthKey.REMOTE_IP, ()),
    "source.namespace": (AuthKey.NAMESPACE, ()),
    "source.principal": (AuthKey.PRINCIPAL, ()),
    SERVICE_ACCOUNT: (AuthKey.PRINCIPAL, ()),
    "request.auth.principal": (AuthKey.REQUEST_PRINCIPAL, ()),
    "request.auth.audiences": (AuthKey.CLAIM, ("aud",)),
    "request.auth.presenter": (AuthKey.CLAIM, ("azp",)),
    "destination.ip": (AuthKey.DESTINATION_IP, ()),
    "destination.port": (AuthKey.PORT, ()),
    "connection.sni": (AuthKey.SNI, ()),
}
HEADER = re.compile(r"request\.headers\[([^\]]+)\]")
CLAIM = re.compile(r"request\.auth\.claims((?:\[[^\]]+\])+)")
PATH_TEMPLATE = re.compile(r"\{\*{1,2}\}")


def authorization_policy(document: Document, note: Note) -> AuthorizationPolicy:
    spec = document.spec
    action = Action(spec.get("action") or "ALLOW")
    provider = text(part(spec, "provider"), "name")
    if action is Action.CUSTOM:
        note("MSH1134", "spec.provider.name", provider or "unnamed")
    elif provider:
        note("MSH1019", "spec.provider", f"spec.provider with action {action}")
    if action is Action.DENY and spec.get("rules") is None:
        note("MSH1111", "spec", "a policy that denies", "rules")
    return AuthorizationPolicy(
        metadata=metadata_of(document),
        action=action,
        selector=label_set(part(spec, "selector"), "matchLabels"),
        targets=targets(spec, note),
        rules=tuple(
            rule(r or {}, i, document, note) for i, r in enumerate(spec.get("rules") or ())
        ),
        dry_run=dict(document.annotations).get(DRY_RUN) == "true",
    )


def rule(given: Spec, index: int, document: Document, note: Note) -> AuthRule:
    path = f"spec.rules[{index}]"
    key = document.key
    return AuthRule(
        name=f"ns[{key.namespace}]-policy[{key.name}]-rule[{index}]",
        sources=terms_of(given, "from", key.namespace, path, note),
        operations=terms_of(given, "to", key.namespace, path, note),
        conditions=tuple(
            term
            for i, one in enumerate(items(given, "when"))
            for term in condition(one, key.namespace, f"{path}.when[{i}]", note)
        ),
        origin=Origin(resource=key, path=path),
    )


PARTS = {"from": "source", "to": "operation"}


def terms_of(given: Spec, many: str, home: str, path: str, note: Note) -> tuple[AuthTerms, ...]:
    one = PARTS[many]
    return tuple(
        tuple(terms(part(entry, one), home, f"{path}.{many}[{i}].{one}", note))
        for i, entry in enumerate(items(given, many))
    )


def terms(given: Spec, home: str, path: str, note: Note) -> Iterator[AuthTerm]:
    if not any(given.values()):
        note("MSH1021", path, path.rpartition(".")[2], "left out or given a field")
    for field, key in FIELDS.items():
        for name, invert in ((field, False), (f"not{field[0].upper()}{field[1:]}", True)):
            written = texts(given, name)
            if written:
                if field == "serviceAccounts":
                    values = tuple(account(v, home) for v in written)
                else:
                    values = values_of(key, written, f"{path}.{name}", note)
                yield AuthTerm(key=key, values=values, invert=invert)


def condition(given: Spec, home: str, path: str, note: Note) -> Iterator[AuthTerm]:
    key = condition_key(text(given, "key"))
    if key is None:
        note("MSH1018", f"{path}.key", "key", "a key of conditions", text(given, "key"))
        return
    if not texts(given, "values") and not texts(given, "notValues"):
        note("MSH1111", path, "a condition", "values or notValues")
    for field, invert in (("values", False), ("notValues", True)):
        written = texts(given, field)
        if written:
            values = values_of(key[0], written, f"{path}.{field}", note)
            if text(given, "key") == SERVICE_ACCOUNT:
                values = tuple(account(v, home) for v in written)
            yield AuthTerm(key=key[0], name=key[1], values=values, invert=invert)


def condition_key(written: str) -> tuple[AuthKey, tuple[str, ...]] | None:
    if written in CONDITIONS:
        return CONDITIONS[written]
    header, claim = HEADER.fullmatch(written), CLAIM.fullmatch(written)
    if header:
        return AuthKey.HEADER, (header[1].lower(),)
    if claim:
        return AuthKey.CLAIM, tuple(re.findall(r"\[([^\]]+)\]", claim[1]))
    return None


def values_of(
    key: AuthKey, written: tuple[str, ...], path: str, note: Note
) -> tuple[StringMatch, ...]:
    for i, value in enumerate(written):
        where = f"{path}[{i}]"
        if key in ADDRESSES and not is_network(value):
            note("MSH1021", where, repr(value), "an address or a block like 10.0.0.0/8")
        if key is AuthKey.PORT and not (
            value.isascii() and value.isdigit() and 0 < int(value) < 65536
        ):
            note("MSH1021", where, repr(value), "a port from 1 to 65535")
        if not value:
            note("MSH1021", where, "a value", "not empty")
    if key in ADDRESSES or key is AuthKey.PORT:
        return tuple(StringMatch(kind=MatchKind.EXACT, value=v) for v in written)
    return tuple(pattern(v, key) for v in written)


def pattern(value: str, key: AuthKey) -> StringMatch:
    """ "*" is any value, "a*" a prefix, "*a" a suffix."""
    if key is AuthKey.PATH and PATH_TEMPLATE.search(value):
        return StringMatch(kind=MatchKind.REGEX, value=template(value))
    if value == "*":
        return StringMatch(kind=MatchKind.PRESENT)
    if value.endswith("*"):
        return StringMatch(kind=MatchKind.PREFIX, value=value[:-1])
    if value.startswith("*"):
        return StringMatch(kind=MatchKind.SUFFIX, value=value[1:])
    return StringMatch(kind=MatchKind.EXACT, value=value)


def template(value: str) -> str:
    """ "{*}" is one segment of a path, "{**}" any number of them."""
    parts = re.split(r"(\{\*{1,2}\})", value)
    return "".join({"{*}": "[^/]+", "{**}": ".*"}.get(p, re.escape(p)) for p in parts)


def account(value: str, home: str) -> StringMatch:
    """ "namespace/name", or a name in the policy's own namespace (as in Istio)."""
    namespace, slash, name = value.partition("/")
    suffix = f"/ns/{namespace}/sa/{name}" if slash else f"/ns/{home}/sa/{namespace}"
    return StringMatch(kind=MatchKind.SUFFIX, value=suffix)
