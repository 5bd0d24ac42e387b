"""Reads a Gateway."""

from collections.abc import Iterator

from routing.contracts import Document
from routing.ir import CertificateFiles, GatewayTlsMode
from routing.ir import ServerTls as TlsSettings
from routing.model.gateway import Gateway, Server, ServerTls
from routing.parse.notes import Note, Spec, items, label_set, metadata_of, part, text, texts
from routing.parse.service_entry import is_address
from routing.parse.virtual_service import check_host

PROTOCOLS = ("HTTP", "HTTPS", "GRPC", "GRPC-WEB", "HTTP2", "TCP", "TLS")
TLS_PROTOCOLS = ("HTTPS", "TLS")
NEEDS_SECRET = (
    GatewayTlsMode.SIMPLE,
    GatewayTlsMode.MUTUAL,
    GatewayTlsMode.OPTIONAL_MUTUAL,
)
VERSIONS = ("", "TLSV1_0", "TLSV1_1", "TLSV1_2", "TLSV1_3")
CIPHERS = frozenset(
    {
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-CHACHA20-POLY1305",
        "ECDHE-RSA-CHACHA20-POLY1305",
        "ECDHE-ECDSA-AES128-SHA",
        "ECDHE-RSA-AES128-SHA",
        "ECDHE-ECDSA-AES256-SHA",
        "ECDHE-RSA-AES256-SHA",
        "AES128-GCM-SHA256",
        "AES256-GCM-SHA384",
        "AES128-SHA",
        "AES256-SHA",
    }
)
"""What Envoy's TLS library can do below version 1.3, where they cannot be chosen."""


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
        bind=bind(given, path, note),
    )


def bind(given: Spec, path: str, note: Note) -> str:
    """All addresses are the pod's own."""
    written = text(given, "bind")
    if written and not written.startswith("unix://") and not is_address(written):
        note("MSH1021", f"{path}.bind", repr(written), "an address")
    if written.startswith("unix://"):
        note("MSH1019", f"{path}.bind", f"{path}.bind (Unix socket)")
        return ""
    return "" if written in ("0.0.0.0", "::") else written  # noqa: S104  compared, not bound


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
    return of_mode(mode, tls, f"{path}.tls", note)


def of_mode(mode: GatewayTlsMode | None, tls: Spec, path: str, note: Note) -> ServerTls:
    first, *more = texts(tls, "credentialNames") or (text(tls, "credentialName"),)
    return ServerTls(
        mode=mode,
        credential=first,
        https_redirect=bool(tls.get("httpsRedirect")),
        more_credentials=tuple(more),
        authorities=text(tls, "caCertCredentialName"),
        settings=settings(tls, path, note),
    )


def settings(tls: Spec, path: str, note: Note) -> TlsSettings:
    """Files count only where no Secret is named (as in Istio)."""
    lowest, highest = (
        version(tls, field) for field in ("minProtocolVersion", "maxProtocolVersion")
    )
    if highest and VERSIONS.index(lowest) > VERSIONS.index(highest):
        note("MSH1021", path, "minProtocolVersion", "at most maxProtocolVersion")
    wanted = texts(tls, "cipherSuites")
    for i, cipher in enumerate(wanted):
        if cipher not in CIPHERS:
            where = f"{path}.cipherSuites[{i}]"
            note("MSH1130", where, cipher)
    by_file = not (tls.get("credentialName") or tls.get("credentialNames"))
    return TlsSettings(
        versions=(lowest, highest),
        ciphers=tuple(dict.fromkeys(c for c in wanted if c in CIPHERS)),
        files=tuple(certificate_files(tls)) if by_file else (),
        authorities_file=authorities_file(tls) if by_file else "",
        crl_file=text(tls, "caCrl"),
        sans=texts(tls, "subjectAltNames"),
        spki=texts(tls, "verifyCertificateSpki"),
        hashes=texts(tls, "verifyCertificateHash"),
    )


def version(tls: Spec, field: str) -> str:
    written = text(tls, field)
    return "" if written == "TLS_AUTO" else written


def certificate_files(tls: Spec) -> Iterator[CertificateFiles]:
    for given in items(tls, "tlsCertificates") or [tls]:
        chain, key = text(given, "serverCertificate"), text(given, "privateKey")
        if chain and key:
            yield CertificateFiles(chain=chain, key=key)


def authorities_file(tls: Spec) -> str:
    others = (text(given, "caCertificates") for given in items(tls, "tlsCertificates"))
    return text(tls, "caCertificates") or next((o for o in others if o), "")


def has_certificate(tls: Spec) -> bool:
    others = ("credentialName", "credentialNames", "serverCertificate", "tlsCertificates")
    return any(tls.get(key) for key in others)
