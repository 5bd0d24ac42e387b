"""Reads a Gateway."""

from routing.contracts import Document
from routing.ir import GatewayTlsMode
from routing.model.gateway import Gateway, Server, ServerTls
from routing.parse.notes import Note, Spec, items, label_set, metadata_of, part, text, texts
from routing.parse.virtual_service import check_host

PROTOCOLS = ("HTTP", "HTTPS", "GRPC", "GRPC-WEB", "HTTP2", "TCP", "TLS")
TLS_PROTOCOLS = ("HTTPS", "TLS")
NEEDS_SECRET = (GatewayTlsMode.SIMPLE, GatewayTlsMode.MUTUAL)


def gateway(document: Document, note: Note) -> Gateway:
    spec = document.spec
    if not items(spec, "servers"):
        note("MSH1111", "spec", "a Gateway", "a server")
    return Gateway(
        metadata=metadata_of(document),
        selector=label_set(spec, "selector"),
        servers=tuple(
            server(s, f"spec.servers[{i}]", note) for i, s in enumerate(items(spec, "servers"))
        ),
    )


def server(given: Spec, path: str, note: Note) -> Server:
    port = part(given, "port")
    protocol = text(port, "protocol").upper()
    if protocol not in PROTOCOLS:
        words = ("protocol", ", ".join(PROTOCOLS), text(port, "protocol"))
        note("MSH1018", f"{path}.port.protocol", *words)
    for i, host in enumerate(texts(given, "hosts")):
        check_host(host.rpartition("/")[2], f"{path}.hosts[{i}]", note)
    tls = server_tls(given, protocol, path, note)
    return Server(
        port=port["number"],
        port_name=text(port, "name"),
        protocol=protocol,
        hosts=texts(given, "hosts"),
        name=text(given, "name"),
        tls=tls,
    )


def server_tls(given: Spec, protocol: str, path: str, note: Note) -> ServerTls | None:
    tls = given.get("tls")
    if tls is None:
        if protocol in TLS_PROTOCOLS:
            note("MSH1111", path, f"a server of protocol {protocol}", "tls")
        return None
    named = tls.get("mode")
    mode = GatewayTlsMode(named) if named in GatewayTlsMode.__members__ else None
    if protocol in TLS_PROTOCOLS and named is None:
        mode = GatewayTlsMode.PASSTHROUGH
    if protocol not in TLS_PROTOCOLS and mode is not None:
        note("MSH1021", f"{path}.tls.mode", "tls.mode", "left out where the protocol is plain")
    if mode in NEEDS_SECRET and not has_certificate(tls):
        note("MSH1111", f"{path}.tls", f"tls mode {mode}", "credentialName")
    return ServerTls(
        mode=mode,
        credential=text(tls, "credentialName"),
        https_redirect=bool(tls.get("httpsRedirect")),
    )


def has_certificate(tls: Spec) -> bool:
    others = ("credentialName", "credentialNames", "serverCertificate", "tlsCertificates")
    return any(tls.get(key) for key in others)
