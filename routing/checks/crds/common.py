"""What several kinds share: selectors, target references, hosts, addresses."""

import ipaddress
import re
from collections.abc import Mapping
from typing import Any

from routing.checks.crds.language import (
    FILLED,
    PORT,
    TEXT,
    Check,
    Kind,
    Shape,
    Text,
    Whole,
    many,
    shape,
    table,
)

LABEL_VALUE = re.compile(r"(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
LABEL_NAME = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")


def no_wildcards(labels: Mapping[str, Any]) -> str | None:
    if any("*" in str(key) for key in labels):
        return "wildcard not allowed in label key match"
    if any("*" in str(value) for value in labels.values()):
        return "wildcard not allowed in label value match"
    return None


def no_empty_key(labels: Mapping[str, Any]) -> str | None:
    return "key must not be empty" if "" in labels else None


def are_labels(labels: Mapping[str, Any]) -> str | None:
    for key, value in labels.items():
        if not LABEL_NAME.fullmatch(str(key).rpartition("/")[2]):
            return f"{key!r} is not a label"
        if not LABEL_VALUE.fullmatch(str(value)):
            return f"{value!r} is not a value of a label"
    return None


MATCH_LABELS = table(Text(most=63), at_most=4096, checks=(no_wildcards, no_empty_key))
SELECTOR = shape(matchLabels=MATCH_LABELS)
WORKLOAD_SELECTOR = shape(
    labels=table(Text(most=63), at_most=256, checks=(no_wildcards, no_empty_key))
)


def same_namespace(reference: Mapping[str, Any]) -> str | None:
    return "cross namespace referencing is not supported" if reference.get("namespace") else None


def known_target(reference: Mapping[str, Any]) -> str | None:
    given = (reference.get("group") or "", reference.get("kind"))
    known = (
        ("", "Service"),
        ("core", "Service"),
        ("gateway.networking.k8s.io", "Gateway"),
        ("gateway.networking.k8s.io", "GatewayClass"),
        ("networking.istio.io", "ServiceEntry"),
    )
    if given in known:
        return None
    return "support kinds are core/Service, networking.istio.io/ServiceEntry, gateway.networking.k8s.io/Gateway"


GROUP = r"^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
TARGET = shape(
    group=Text(most=253, pattern=GROUP),
    kind=Text(least=1, most=63, pattern=r"^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$"),
    name=Text(least=1, most=253),
    namespace=TEXT,
    required=("kind", "name"),
    checks=(same_namespace, known_target),
)
TARGETS: dict[str, Kind] = {
    "targetRef": TARGET,
    "targetRefs": many(TARGET, at_most=16),
    "selector": SELECTOR,
}


def one_target(spec: Mapping[str, Any]) -> str | None:
    given = [key for key in ("selector", "targetRef", "targetRefs") if spec.get(key)]
    return "only one of targetRefs or selector can be set" if len(given) > 1 else None


HOST_LABEL = re.compile(r"(?!-)[a-zA-Z0-9_-]{1,63}(?<!-)")


def is_host(host: str) -> bool:
    """A DNS name, without wildcards."""
    bare = host.removesuffix(".")
    return 0 < len(bare) <= 255 and all(HOST_LABEL.fullmatch(p) for p in bare.split("."))


def is_address(value: str) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return True


def is_network(value: str) -> bool:
    try:
        ipaddress.ip_network(value, strict=False)
    except ValueError:
        return False
    return True


def is_wild_host(host: str) -> bool:
    """A DNS name whose first label may be, or start with, a star."""
    if host == "*":
        return True
    if host.startswith("*."):
        return is_host(host[2:])
    return is_host(host.removeprefix("*"))


def host(value: str) -> str | None:
    if is_wild_host(value) or is_address(value):
        return None
    return f"{value!r} is not a host name"


def scoped_host(value: str) -> str | None:
    """`host` or `namespace/host`."""
    where, slash, bare = value.rpartition("/")
    if slash and not (where in ("*", ".", "~") or is_host(where)):
        return f"{where!r} is not a namespace"
    return host(bare)


def exported(values: list[str]) -> str | None:
    """`exportTo`: namespaces, or one of . * ~ alone."""
    if len(set(values)) != len(values):
        return "duplicate entries in exportTo"
    for value in values:
        if value in (".", "*", "~"):
            if len(values) > 1 and value != ".":
                return f"{value} must be alone in exportTo"
        elif not is_host(value):
            return f"{value!r} is not a namespace"
    return None


EXPORT_TO = many(TEXT, checks=(exported,))


def under(check: Check, *keys: str) -> Check:
    """Applies a check to a field further in."""

    def inner(value: Any) -> str | None:
        for key in keys:
            value = value[key]
        return check(value)

    return inner


PORT_NAME = re.compile(r"[a-zA-Z0-9](?:[-a-zA-Z0-9]{0,60}[a-zA-Z0-9])?")


def are_port_names(ports: Mapping[str, Any]) -> str | None:
    return None if all(PORT_NAME.fullmatch(str(n)) for n in ports) else "port name must be valid"


PORT_NUMBERS = table(PORT, at_most=128, checks=(are_port_names,))
COUNT = Whole(low=0, high=2**31 - 1)
HTTP_HEADER = shape(name=Text(pattern=r"^[-_A-Za-z0-9]+$"), value=TEXT)
PROBE_HTTP = shape(
    path=TEXT,
    port=PORT,
    host=TEXT,
    scheme=TEXT,
    httpHeaders=many(HTTP_HEADER),
    required=("port",),
)
PROBE = shape(
    initialDelaySeconds=COUNT,
    timeoutSeconds=COUNT,
    periodSeconds=COUNT,
    successThreshold=COUNT,
    failureThreshold=COUNT,
    httpGet=PROBE_HTTP,
    tcpSocket=shape(host=TEXT, port=PORT, required=("port",)),
    exec=shape(command=many(FILLED, at_least=1)),
    grpc=shape(port=PORT, service=TEXT),
    one_of=(("httpGet", "tcpSocket", "exec", "grpc"),),
)


def with_fields(base: Shape, **more: Any) -> Shape:
    return Shape(
        fields={**base.fields, **more},
        required=base.required,
        one_of=base.one_of,
        exactly=base.exactly,
        checks=base.checks,
    )
