"""WorkloadEntry, WorkloadGroup, ProxyConfig."""

from collections.abc import Mapping
from typing import Any

from routing.checks.crds.common import (
    PORT_NUMBERS,
    PROBE,
    SELECTOR,
    is_address,
    is_wild_host,
)
from routing.checks.crds.language import (
    TEXT,
    UINT,
    Kind,
    Shape,
    Text,
    Whole,
    shape,
    table,
)

UDS = "unix://"


def has_address(entry: Mapping[str, Any]) -> str | None:
    if not entry.get("address") and not entry.get("network"):
        return "address is required unless a network is given"
    return None


def socket_is_absolute(entry: Mapping[str, Any]) -> str | None:
    path = entry.get("address") or ""
    if path.startswith(UDS) and path[len(UDS) : len(UDS) + 1] not in ("/", "@"):
        return "UDS must be an absolute path or abstract socket"
    if path.startswith(UDS) and path.endswith("/"):
        return "UDS may not be a dir"
    return None


def socket_without_ports(entry: Mapping[str, Any]) -> str | None:
    if (entry.get("address") or "").startswith(UDS) and entry.get("ports"):
        return "UDS may not include ports"
    return None


def address_is_valid(entry: Mapping[str, Any]) -> str | None:
    address = entry.get("address") or ""
    if not address or address.startswith(UDS) or is_address(address):
        return None
    return None if is_wild_host(address) and "*" not in address else f"{address!r} is no address"


ADDRESS = Text(most=256)
FIELDS: dict[str, Kind] = {
    "address": ADDRESS,
    "ports": PORT_NUMBERS,
    "labels": table(TEXT, at_most=256),
    "network": Text(most=2048),
    "locality": Text(most=2048),
    "weight": UINT,
    "serviceAccount": Text(most=253),
}
ENTRY = Shape(
    fields=FIELDS,
    checks=(has_address, socket_is_absolute, socket_without_ports, address_is_valid),
)
WORKLOAD_GROUP = shape(
    metadata=shape(labels=table(TEXT, at_most=256), annotations=table(TEXT, at_most=256)),
    template=Shape(fields=FIELDS, checks=(socket_is_absolute, socket_without_ports)),
    probe=PROBE,
    required=("template",),
)
PROXY_CONFIG = shape(
    selector=SELECTOR,
    concurrency=Whole(low=0, high=2**31 - 1),
    environmentVariables=table(Text(most=2048)),
    image=shape(imageType=TEXT),
)
