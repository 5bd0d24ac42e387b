"""WasmPlugin and EnvoyFilter."""

import re
from collections.abc import Mapping
from typing import Any

from routing.checks.crds.common import TARGET, TARGETS, WORKLOAD_SELECTOR, one_target
from routing.checks.crds.language import (
    FREE,
    INT,
    PORT,
    TEXT,
    Text,
    Whole,
    many,
    one_of,
    shape,
    table,
)

SCHEMES = ("http", "https", "oci", "file")
SCHEME = re.compile(r"^([A-Za-z][-A-Za-z0-9+.]*)://")


def has_scheme(url: str) -> str | None:
    given = SCHEME.match(url)
    if given and given[1] not in SCHEMES:
        return f"url must have schema one of [{', '.join(SCHEMES)}]"
    return None


def value_is_inline(variable: Mapping[str, Any]) -> str | None:
    if variable.get("valueFrom") == "HOST" and variable.get("value"):
        return "value may only be set when valueFrom is INLINE"
    return None


VARIABLE = shape(
    name=Text(least=1, most=256),
    valueFrom=one_of("INLINE", "HOST"),
    value=Text(most=2048),
    required=("name",),
    checks=(value_is_inline,),
)
TRAFFIC = shape(
    mode=one_of("UNDEFINED", "CLIENT", "SERVER", "CLIENT_AND_SERVER"),
    ports=many(shape(number=PORT, required=("number",)), unique=("number",)),
)
WASM_PLUGIN = shape(
    TARGETS,
    url=Text(least=1, checks=(has_scheme,)),
    sha256=Text(pattern=r"^$|^[a-f0-9]{64}$"),
    imagePullPolicy=one_of("UNSPECIFIED_POLICY", "IfNotPresent", "Always"),
    imagePullSecret=Text(least=1, most=253),
    verificationKey=TEXT,
    pluginConfig=shape(),
    pluginName=Text(least=1, most=256),
    phase=one_of("UNSPECIFIED_PHASE", "AUTHN", "AUTHZ", "STATS"),
    priority=INT,
    failStrategy=one_of("FAIL_CLOSE", "FAIL_OPEN", "FAIL_RELOAD"),
    vmConfig=shape(env=many(VARIABLE, at_most=256, unique=("name",))),
    match=many(TRAFFIC),
    type=one_of("UNSPECIFIED_PLUGIN_TYPE", "HTTP", "NETWORK"),
    required=("url",),
    checks=(one_target,),
)

TARGETS_OF_PATCH = (
    "INVALID", "LISTENER", "FILTER_CHAIN", "NETWORK_FILTER", "HTTP_FILTER", "ROUTE_CONFIGURATION",
    "VIRTUAL_HOST", "HTTP_ROUTE", "CLUSTER", "EXTENSION_CONFIG", "BOOTSTRAP", "LISTENER_FILTER",
)  # fmt: skip
CONTEXTS = ("ANY", "SIDECAR_INBOUND", "SIDECAR_OUTBOUND", "GATEWAY", "WAYPOINT")
OPERATIONS = (
    "INVALID", "MERGE", "ADD", "REMOVE", "INSERT_BEFORE", "INSERT_AFTER", "INSERT_FIRST", "REPLACE",
)  # fmt: skip
FILTER = shape(name=TEXT, subFilter=shape(name=TEXT))
PORT_NUMBER = Whole(low=0, high=2**32 - 1)


def match_fits_context(match: Mapping[str, Any]) -> str | None:
    context = match.get("context") or "ANY"
    if "waypoint" in match and context != "WAYPOINT":
        return "only support waypointMatch when context is WAYPOINT"
    if context == "WAYPOINT" and any(
        k in match for k in ("listener", "routeConfiguration", "cluster")
    ):
        return "WAYPOINT context only supports waypoint matches"
    return None


MATCH = shape(
    context=one_of(*CONTEXTS),
    proxy=shape(proxyVersion=TEXT, metadata=table(TEXT)),
    listener=shape(
        portNumber=PORT_NUMBER,
        portName=TEXT,
        name=TEXT,
        listenerFilter=TEXT,
        filterChain=shape(
            name=TEXT, sni=TEXT, transportProtocol=TEXT, applicationProtocols=TEXT,
            destinationPort=PORT_NUMBER, filter=FILTER,
        ),
    ),
    routeConfiguration=shape(
        portNumber=PORT_NUMBER, portName=TEXT, gateway=TEXT, name=TEXT,
        vhost=shape(
            name=TEXT,
            domainName=TEXT,
            route=shape(name=TEXT, action=one_of("ANY", "ROUTE", "REDIRECT", "DIRECT_RESPONSE")),
        ),
    ),
    cluster=shape(portNumber=PORT_NUMBER, service=TEXT, subset=TEXT, name=TEXT),
    waypoint=shape(
        filter=FILTER, portNumber=PORT_NUMBER, route=shape(name=TEXT),
    ),
    one_of=(("listener", "routeConfiguration", "cluster", "waypoint"),),
    checks=(match_fits_context,),
)  # fmt: skip
ENVOY_FILTER = shape(
    workloadSelector=WORKLOAD_SELECTOR,
    targetRefs=many(TARGET, at_most=16),
    configPatches=many(
        shape(
            applyTo=one_of(*TARGETS_OF_PATCH),
            match=MATCH,
            patch=shape(
                operation=one_of(*OPERATIONS),
                value=FREE,
                filterClass=one_of("UNSPECIFIED", "AUTHN", "AUTHZ", "STATS"),
            ),
        )
    ),
    priority=INT,
    one_of=(("workloadSelector", "targetRefs"),),
)
