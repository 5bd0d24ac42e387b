"""Reads a ServiceEntry."""

import ipaddress

from routing.contracts import Document
from routing.model.networks import is_network
from routing.model.service_entry import EntryEndpoint, EntryPort, Resolution, ServiceEntry
from routing.parse.notes import Note, Spec, items, label_set, metadata_of, part, text, texts
from routing.parse.virtual_service import check_host
from topology.contracts import AppProtocol

PROTOCOLS = {
    "HTTP": AppProtocol.HTTP,
    "HTTP2": AppProtocol.HTTP2,
    "GRPC": AppProtocol.GRPC,
    "GRPC-WEB": AppProtocol.HTTP,
    "HTTPS": AppProtocol.HTTPS,
    "TLS": AppProtocol.TLS,
    "TCP": AppProtocol.TCP,
    "MONGO": AppProtocol.TCP,
    "REDIS": AppProtocol.TCP,
    "MYSQL": AppProtocol.TCP,
    "UDP": AppProtocol.TCP,
    "": AppProtocol.TCP,
}


def service_entry(document: Document, note: Note) -> ServiceEntry:
    spec = document.spec
    resolution = Resolution(spec.get("resolution") or "NONE") if known(spec) else Resolution.DNS
    for i, host in enumerate(texts(spec, "hosts")):
        check_host(host, f"spec.hosts[{i}]", note)
    endpoints = tuple(endpoint(e) for e in items(spec, "endpoints"))
    check_endpoints(endpoints, resolution, note)
    check_ports(spec, note)
    return ServiceEntry(
        metadata=metadata_of(document),
        hosts=texts(spec, "hosts"),
        ports=tuple(port(p, f"spec.ports[{i}]", note) for i, p in enumerate(items(spec, "ports"))),
        internal=spec.get("location") == "MESH_INTERNAL",
        resolution=resolution,
        endpoints=endpoints,
        selector=label_set(part(spec, "workloadSelector"), "labels"),
        sans=texts(spec, "subjectAltNames"),
        addresses=addresses(spec, note),
    )


def addresses(spec: Spec, note: Note) -> tuple[str, ...]:
    """Of a block of IPv6 addresses only routes by address know."""
    for i, written in enumerate(texts(spec, "addresses")):
        where = f"spec.addresses[{i}]"
        if not is_network(written):
            note("MSH1021", where, repr(written), "an address or a block like 10.0.0.0/8")
        elif "/" in written and ":" in written:
            words = f"{where} (a block of IPv6, but for routes by destinationSubnets)"
            note("MSH1019", where, words)
    return texts(spec, "addresses")


def known(spec: Spec) -> bool:
    return (spec.get("resolution") or "NONE") in Resolution.__members__


def port(given: Spec, path: str, note: Note) -> EntryPort:
    return EntryPort(
        number=given["number"],
        name=text(given, "name"),
        protocol=protocol_of(given, path, note),
        target_port=given.get("targetPort") or given["number"],
    )


def protocol_of(given: Spec, path: str, note: Note) -> AppProtocol:
    written = text(given, "protocol")
    protocol = PROTOCOLS.get(written.upper())
    if protocol is None:
        known = ", ".join(p for p in PROTOCOLS if p)
        note("MSH1018", f"{path}.protocol", "protocol", known, written)
    return protocol or AppProtocol.TCP


def endpoint(given: Spec) -> EntryEndpoint:
    return EntryEndpoint(
        address=text(given, "address"),
        ports=tuple(sorted(part(given, "ports").items())),
        labels=label_set(given, "labels"),
        weight=given.get("weight") or 1,
        service_account=text(given, "serviceAccount"),
        locality=text(given, "locality"),
    )


def check_ports(spec: Spec, note: Note) -> None:
    for field in ("number", "name"):
        seen: set[object] = set()
        for i, given in enumerate(items(spec, "ports")):
            value = given.get(field)
            if value in seen:
                note("MSH1006", f"spec.ports[{i}].{field}", f"port {field} {value}")
            seen.add(value)


def check_endpoints(
    endpoints: tuple[EntryEndpoint, ...], resolution: Resolution, note: Note
) -> None:
    if resolution is Resolution.NONE and endpoints:
        note("MSH1021", "spec.endpoints", "endpoints", "left out with resolution NONE")
    if resolution is Resolution.DNS_ROUND_ROBIN and len(endpoints) > 1:
        note("MSH1021", "spec.endpoints", "endpoints", "one at most with DNS_ROUND_ROBIN")
    for i, one in enumerate(endpoints):
        path = f"spec.endpoints[{i}].address"
        if one.address.startswith("unix://"):
            if resolution is not Resolution.STATIC:
                note("MSH1021", path, "a Unix socket", "used with resolution STATIC")
            elif not one.address.removeprefix("unix://").startswith(("/", "@")):
                note("MSH1021", path, one.address, "an absolute path after unix://")
            elif one.ports:
                note("MSH1021", f"spec.endpoints[{i}].ports", "ports", "left out for a Unix socket")
        elif not one.address:
            note("MSH1011", path, "address")
        elif resolution is Resolution.STATIC and not is_address(one.address):
            note("MSH1021", path, one.address, "an IP address with resolution STATIC")


def is_address(text_: str) -> bool:
    try:
        ipaddress.ip_address(text_)
    except ValueError:
        return False
    return True
