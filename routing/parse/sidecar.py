"""Reads a Sidecar."""

import re
from collections.abc import Iterator

from routing.contracts import Document
from routing.ir import GatewayTlsMode
from routing.model.gateway import ServerTls
from routing.model.networks import is_network
from routing.model.sidecar import EgressListener, IngressListener, Sidecar
from routing.parse.destination_rule import connection_pool
from routing.parse.gateway import has_certificate, of_mode
from routing.parse.matches import destination
from routing.parse.notes import Note, Spec, items, label_set, metadata_of, part, text, texts
from routing.parse.service_entry import protocol_of
from topology.contracts import AppProtocol

WITHIN_TLS = {AppProtocol.HTTPS: AppProtocol.HTTP, AppProtocol.TLS: AppProtocol.TCP}
LOCAL = re.compile(r"(?:127\.0\.0\.1|0\.0\.0\.0|\[::1?\]|\[::\]):([0-9]{1,5})")


def sidecar(document: Document, note: Note) -> Sidecar:
    spec, own = document.spec, document.key.namespace
    policy = part(spec, "outboundTrafficPolicy")
    proxy = policy.get("egressProxy")
    hosts: list[tuple[str, str]] = []
    listeners: list[EgressListener] = []
    for i, given in enumerate(items(spec, "egress")):
        path = f"spec.egress[{i}]"
        shown = tuple(egress_hosts(given, own, path, note))
        hosts += shown
        port = part(given, "port")
        if port:
            listeners.append(
                EgressListener(
                    port=port["number"],
                    protocol=protocol_of(port, f"{path}.port", note),
                    hosts=shown,
                    bind=bind(given, path, note),
                )
            )
        elif text(given, "bind"):
            note("MSH1021", f"{path}.bind", "bind", "left out without a port")
    return Sidecar(
        metadata=metadata_of(document),
        selector=label_set(part(spec, "workloadSelector"), "labels"),
        egress=tuple(hosts) if items(spec, "egress") else None,
        listeners=tuple(listeners),
        allow_any=text(policy, "mode") == "ALLOW_ANY",
        egress_proxy=destination(proxy) if proxy else None,
        ingress=tuple(
            ingress(one, f"spec.ingress[{i}]", note) for i, one in enumerate(items(spec, "ingress"))
        )
        or None,
        pool=connection_pool({"connectionPool": spec.get("inboundConnectionPool")}),
    )


def egress_hosts(given: Spec, own: str, path: str, note: Note) -> Iterator[tuple[str, str]]:
    for j, written in enumerate(texts(given, "hosts")):
        namespace, slash, pattern = written.partition("/")
        if not slash or not namespace or not pattern:
            words = (repr(written), "a namespace and a host, like ./reviews")
            note("MSH1021", f"{path}.hosts[{j}]", *words)
        elif namespace != "~":
            yield own if namespace == "." else namespace, pattern


def ingress(given: Spec, path: str, note: Note) -> IngressListener:
    """The default endpoint is the application's port of the same number."""
    port, endpoint = part(given, "port"), text(given, "defaultEndpoint")
    local = LOCAL.fullmatch(endpoint)
    socket = endpoint if endpoint.startswith(("unix:///", "unix://@")) else ""
    if endpoint and not socket and (local is None or not 0 < int(local[1]) < 65536):
        words = (repr(endpoint), "127.0.0.1:PORT, 0.0.0.0:PORT or unix:///PATH")
        note("MSH1021", f"{path}.defaultEndpoint", *words)
    tls = ingress_tls(given, f"{path}.tls", note)
    protocol = protocol_of(port, f"{path}.port", note)
    return IngressListener(
        port=port["number"],
        protocol=WITHIN_TLS.get(protocol, protocol) if tls else protocol,
        bind=bind(given, path, note),
        endpoint_port=int(local[1]) if local else None,
        socket=socket,
        pool=connection_pool(given),
        tls=tls,
    )


def ingress_tls(given: Spec, path: str, note: Note) -> ServerTls | None:
    """What callers from outside the mesh are served with; less than a Gateway may have (as in Istio)."""
    tls = part(given, "tls")
    if not tls:
        return None
    mode = GatewayTlsMode.__members__.get(text(tls, "mode"))
    if not has_certificate(tls):
        note("MSH1111", path, f"tls mode {mode}", "credentialName or files")
    return of_mode(mode, tls, path, note)


def bind(given: Spec, path: str, note: Note) -> str:
    """All addresses, and none, are the pod's own."""
    written = text(given, "bind")
    if written.startswith("unix://"):
        note("MSH1019", f"{path}.bind", f"{path}.bind (Unix socket)")
        return ""
    if written and (not is_network(written) or "/" in written):
        note("MSH1021", f"{path}.bind", repr(written), "an address")
    return "" if written in ("0.0.0.0", "::") else written  # noqa: S104  compared, not bound
