"""ServiceEntry."""

from collections.abc import Mapping
from typing import Any

from routing.checks.crds.common import (
    EXPORT_TO,
    WORKLOAD_SELECTOR,
    host,
    is_address,
    is_network,
)
from routing.checks.crds.language import (
    PORT,
    TEXT,
    Text,
    many,
    one_of,
    shape,
)
from routing.checks.crds.workloads import ENTRY

DNS = ("DNS", "DNS_ROUND_ROBIN")


def is_named(value: str) -> str | None:
    return "hostname cannot be wildcard" if value == "*" else host(value)


def is_address_or_network(value: str) -> str | None:
    return None if is_network(value) else f"{value!r} is neither an address nor a network"


def selector_or_endpoints(spec: Mapping[str, Any]) -> str | None:
    if spec.get("workloadSelector") is not None and spec.get("endpoints"):
        return "only one of WorkloadSelector or Endpoints can be set"
    return None


def networks_are_static(spec: Mapping[str, Any]) -> str | None:
    wide = any("/" in a for a in spec.get("addresses") or ())
    if wide and (spec.get("resolution") or "NONE") not in ("NONE", "STATIC"):
        return "CIDR addresses are allowed only for NONE/STATIC resolution types"
    return None


def endpoints_fit_resolution(spec: Mapping[str, Any]) -> str | None:
    resolution, endpoints = spec.get("resolution") or "NONE", spec.get("endpoints") or []
    if resolution == "NONE" and endpoints:
        return "NONE mode cannot set endpoints"
    if resolution == "DNS_ROUND_ROBIN" and len(endpoints) > 1:
        return "DNS_ROUND_ROBIN mode cannot have multiple endpoints"
    if resolution == "STATIC":
        names = [e for e in endpoints if not is_static(e.get("address") or "")]
        if names:
            return f"{names[0].get('address')!r} is a name: STATIC endpoints are addresses"
    if resolution in DNS and any((e.get("address") or "").startswith("unix://") for e in endpoints):
        return "UDS endpoints cannot be resolved by DNS"
    return None


def is_static(address: str) -> bool:
    return not address or address.startswith("unix://") or is_address(address)


SERVICE_PORT = shape(
    number=PORT,
    protocol=Text(most=256),
    name=Text(least=1, most=256),
    targetPort=PORT,
    required=("number", "name"),
)


def numbers_differ(ports: list[Any]) -> str | None:
    numbers = [p.get("number") for p in ports]
    return "port number cannot be duplicated" if len(set(numbers)) != len(numbers) else None


SERVICE_ENTRY = shape(
    hosts=many(Text(least=1, checks=(is_named,)), at_least=1, at_most=256),
    addresses=many(Text(most=64, checks=(is_address_or_network,)), at_most=256),
    ports=many(SERVICE_PORT, at_most=256, unique=("name",), checks=(numbers_differ,)),
    location=one_of("MESH_EXTERNAL", "MESH_INTERNAL"),
    resolution=one_of("NONE", "STATIC", "DNS", "DNS_ROUND_ROBIN", "DYNAMIC_DNS"),
    endpoints=many(ENTRY, at_most=4096),
    workloadSelector=WORKLOAD_SELECTOR,
    exportTo=EXPORT_TO,
    subjectAltNames=many(TEXT),
    required=("hosts",),
    checks=(
        selector_or_endpoints, networks_are_static, endpoints_fit_resolution,
    ),
)  # fmt: skip
