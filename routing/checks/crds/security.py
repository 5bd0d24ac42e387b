"""PeerAuthentication, RequestAuthentication, AuthorizationPolicy."""

from collections.abc import Mapping
from typing import Any

from routing.checks.crds.common import SELECTOR, TARGETS, is_network, one_target
from routing.checks.crds.language import (
    FILLED,
    FLAG,
    TEXT,
    Lasting,
    Text,
    many,
    one_of,
    shape,
    table,
)

MTLS = shape(mode=one_of("UNSET", "DISABLE", "PERMISSIVE", "STRICT"))


def ports_are_valid(ports: Mapping[str, Any]) -> str | None:
    for port in ports:
        if not (str(port).isascii() and str(port).isdigit() and 0 < int(port) <= 65535):
            return "port must be between 1-65535"
    return None if ports else "portLevelMtls must not be empty"


def ports_need_selector(spec: Mapping[str, Any]) -> str | None:
    if spec.get("portLevelMtls") and not (spec.get("selector") or {}).get("matchLabels"):
        return "portLevelMtls requires selector"
    return None


PEER_AUTHENTICATION = shape(
    selector=SELECTOR,
    mtls=MTLS,
    portLevelMtls=table(MTLS, checks=(ports_are_valid,)),
    checks=(ports_need_selector,),
)


def is_url(value: str) -> str | None:
    return (
        None
        if value.startswith(("http://", "https://"))
        else "url must have scheme http:// or https://"
    )


def one_key_source(rule: Mapping[str, Any]) -> str | None:
    given = [k for k in ("jwksUri", "jwks_uri", "jwks") if rule.get(k)]
    return "only one of jwks or jwksUri can be set" if len(given) > 1 else None


HEADER_NAME = Text(least=1, pattern=r"^[-_A-Za-z0-9]+$")
CLAIM_HEADER = shape(header=HEADER_NAME, claim=FILLED, required=("header", "claim"))
JWT_RULE = shape(
    issuer=FILLED,
    audiences=many(FILLED),
    jwksUri=Text(least=1, most=2048, checks=(is_url,)),
    jwks_uri=Text(least=1, most=2048, checks=(is_url,)),
    jwks=TEXT,
    fromHeaders=many(shape(name=FILLED, prefix=TEXT, required=("name",))),
    fromParams=many(FILLED),
    fromCookies=many(FILLED),
    outputPayloadToHeader=TEXT,
    forwardOriginalToken=FLAG,
    outputClaimToHeaders=many(CLAIM_HEADER),
    timeout=Lasting(least_ms=1),
    spaceDelimitedClaims=many(FILLED, at_most=64),
    required=("issuer",),
    checks=(one_key_source,),
)
REQUEST_AUTHENTICATION = shape(TARGETS, jwtRules=many(JWT_RULE, at_most=4096), checks=(one_target,))


def accounts_alone(source: Mapping[str, Any]) -> str | None:
    if any(source.get(k) for k in ("serviceAccounts", "notServiceAccounts")) and any(
        source.get(k) for k in ("principals", "notPrincipals", "namespaces", "notNamespaces")
    ):
        return "Cannot set serviceAccounts with namespaces or principals"
    return None


def some_field(given: Mapping[str, Any]) -> str | None:
    return None if any(given.values()) else "at least one field must be set"


def are_networks(values: list[str]) -> str | None:
    wrong = [v for v in values if not is_network(v)]
    return f"{wrong[0]!r} is neither an address nor a network" if wrong else None


def are_ports(values: list[str]) -> str | None:
    wrong = [v for v in values if not (v.isascii() and v.isdigit() and 0 < int(v) <= 65535)]
    return f"{wrong[0]!r} is not a port" if wrong else None


def are_accounts(values: list[str]) -> str | None:
    wrong = [v for v in values if not v or v.count("/") > 1 or v.startswith("/") or v.endswith("/")]
    return f"{wrong[0]!r} is no service account" if wrong else None


NAMES = many(FILLED)
ACCOUNTS = many(Text(least=1, most=320), at_most=16, checks=(are_accounts,))
NETWORKS = many(TEXT, checks=(are_networks,))
PORTS = many(TEXT, checks=(are_ports,))
SOURCE = shape(
    principals=NAMES, notPrincipals=NAMES, requestPrincipals=NAMES, notRequestPrincipals=NAMES,
    namespaces=NAMES, notNamespaces=NAMES, ipBlocks=NETWORKS, notIpBlocks=NETWORKS,
    remoteIpBlocks=NETWORKS, notRemoteIpBlocks=NETWORKS, serviceAccounts=ACCOUNTS,
    notServiceAccounts=ACCOUNTS, checks=(accounts_alone, some_field),
)  # fmt: skip
OPERATION = shape(
    hosts=NAMES, notHosts=NAMES, ports=PORTS, notPorts=PORTS, methods=NAMES, notMethods=NAMES,
    paths=NAMES, notPaths=NAMES, checks=(some_field,),
)  # fmt: skip
KEYS = frozenset(
    {"source.ip", "remote.ip", "source.namespace", "source.principal", "source.serviceAccount"}
    | {"request.auth.principal", "request.auth.audiences", "request.auth.presenter"}
    | {"destination.ip", "destination.port", "connection.sni", "experimental.envoy.filters"}
)
KEY_PREFIXES = ("request.headers[", "request.auth.claims[", "experimental.envoy.filters.")


def known_key(condition: Mapping[str, Any]) -> str | None:
    key = condition["key"]
    if key in KEYS or (key.startswith(KEY_PREFIXES) and (key.endswith("]") or "[" not in key)):
        return None
    if key.startswith("experimental.envoy.filters."):
        return None
    return f"unknown attribute {key!r}"


def some_value(condition: Mapping[str, Any]) -> str | None:
    if condition.get("values") or condition.get("notValues"):
        return None
    return "at least one of values or notValues must be set"


CONDITION = shape(
    key=FILLED, values=many(FILLED), notValues=many(FILLED), required=("key",),
    checks=(known_key, some_value),
)  # fmt: skip
RULE = shape(
    {"from": many(shape(source=SOURCE, required=("source",)), at_most=512, at_least=1)},
    to=many(shape(operation=OPERATION, required=("operation",)), at_most=512, at_least=1),
    when=many(CONDITION),
)


def rules_fit_action(spec: Mapping[str, Any]) -> str | None:
    action = spec.get("action") or "ALLOW"
    if action in ("DENY", "AUDIT", "CUSTOM") and not spec.get("rules") and "rules" in spec:
        return f"{action} without rules is never triggered"
    if action == "CUSTOM" and not spec.get("provider", {}).get("name"):
        return "CUSTOM needs provider.name"
    if action != "CUSTOM" and spec.get("provider"):
        return "provider must be with CUSTOM only"
    return None


AUTHORIZATION_POLICY = shape(
    TARGETS,
    action=one_of("ALLOW", "DENY", "AUDIT", "CUSTOM"),
    provider=shape(name=TEXT),
    rules=many(RULE, at_most=512),
    checks=(one_target, rules_fit_action),
)
