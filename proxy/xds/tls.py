"""TLS in both directions: the mesh's own (keys from the agent), gateways', and towards outside."""

from google.protobuf.message import Message

from proxy.xds.fields import Fields
from proxy.xds.messages import extension, message
from routing.ir import GatewayTlsMode, OriginateTls, ServerTls

MESH_ALPN = "meshweb"
"""Tells the mesh's TLS from an application's own on ports that are not HTTP."""

SYSTEM_ROOTS = "/etc/ssl/certs/ca-certificates.crt"
"""Whom the host trusts (its place in the usual Linux distributions)."""

_TLS = "envoy.transport_sockets.tls"
_KIND = "envoy.extensions.transport_sockets.tls.v3."
UPSTREAM = f"{_KIND}UpstreamTlsContext"
_ONLY_1_3 = {
    "tls_minimum_protocol_version": "TLSv1_3",
    "tls_maximum_protocol_version": "TLSv1_3",
}
_NOTHING_MORE = ServerTls()
_CHECK_CLIENTS = (GatewayTlsMode.MUTUAL, GatewayTlsMode.OPTIONAL_MUTUAL)
_BACK_OFF = {"base_interval": {"nanos": 100_000_000}, "max_interval": {"seconds": 1}}


def mesh_upstream(*, sni: str, sans: tuple[str, ...], trust_domain: str, alpn: str) -> Fields:
    """The client's side of the mesh's mTLS. Without `sans` any identity of the domain will do.

    An empty `alpn` lets the connection pool offer the protocol that it speaks.
    """
    common = _mesh_context(sans, trust_domain)
    if alpn:
        common["alpn_protocols"] = [alpn]
    return extension(
        _TLS,
        f"{_KIND}UpstreamTlsContext",
        common_tls_context=common,
        sni=sni,
        # a resumed session would keep an identity that has been rotated away
        max_session_keys={"value": 0},
    )


def mesh_downstream(*, trust_domain: str, alpn: tuple[str, ...]) -> Fields:
    """The server's side of the mesh's mTLS: only certificates of the trust domain come in."""
    common = _mesh_context((), trust_domain)
    common["alpn_protocols"] = list(alpn)
    return extension(
        _TLS,
        f"{_KIND}DownstreamTlsContext",
        common_tls_context=common,
        require_client_certificate={"value": True},
        disable_stateless_session_resumption=True,
    )


def originate(tls: OriginateTls) -> Fields:
    """TLS to a server outside; without authorities its certificate is not checked."""
    common: Fields = {"tls_params": {"tls_maximum_protocol_version": "TLSv1_3"}}
    if tls.certificate_file:
        certificate = {
            "certificate_chain": {"filename": tls.certificate_file},
            "private_key": {"filename": tls.key_file},
        }
        common["tls_certificates"] = [certificate]
    if tls.credential:
        common["tls_certificate_sds_secret_configs"] = [_from_control(tls.credential)]
    known = {"match_typed_subject_alt_names": _names(tls.sans)}
    if tls.authorities and not tls.unverified:
        common["combined_validation_context"] = {
            "default_validation_context": known,
            "validation_context_sds_secret_config": _from_control(tls.authorities),
        }
    elif (tls.ca_file or tls.system_roots) and not tls.unverified:
        common["validation_context"] = {
            "trusted_ca": {"filename": tls.ca_file or SYSTEM_ROOTS},
            **known,
            **({"crl": {"filename": tls.crl_file}} if tls.crl_file else {}),
        }
    return extension(_TLS, f"{_KIND}UpstreamTlsContext", common_tls_context=common, sni=tls.sni)


def _names(sans: tuple[str, ...]) -> list[Fields]:
    return [
        {"san_type": kind, "matcher": {"exact": san}} for san in sans for kind in ("DNS", "URI")
    ]


def gateway(mode: GatewayTlsMode, secret: str, settings: ServerTls = _NOTHING_MORE) -> Fields:
    """A gateway's certificate, by name or from files; MUTUAL also asks clients for one."""
    lowest, highest = settings.versions
    params: Fields = {
        "tls_minimum_protocol_version": _version(lowest or "TLSV1_2"),
        "tls_maximum_protocol_version": _version(highest or "TLSV1_3"),
    }
    if settings.ciphers:
        params["cipher_suites"] = list(settings.ciphers)
    common: Fields = {"alpn_protocols": ["h2", "http/1.1"], "tls_params": params}
    named = [name for name in (secret, *settings.secrets) if name]
    if named:
        common["tls_certificate_sds_secret_configs"] = [_from_control(name) for name in named]
    if settings.files:
        common["tls_certificates"] = [
            {
                "certificate_chain": {"filename": files.chain},
                "private_key": {"filename": files.key},
            }
            for files in settings.files
        ]
    if mode in _CHECK_CLIENTS:
        common |= _of_clients(secret, settings)
    return extension(
        _TLS,
        f"{_KIND}DownstreamTlsContext",
        common_tls_context=common,
        require_client_certificate={"value": mode is GatewayTlsMode.MUTUAL},
    )


def _version(written: str) -> str:
    return written.replace("TLSV", "TLSv")


def _of_clients(secret: str, settings: ServerTls) -> Fields:
    """How clients' certificates are checked."""
    known: Fields = {}
    if settings.sans:
        known["match_typed_subject_alt_names"] = _names(settings.sans)
    if settings.spki:
        known["verify_certificate_spki"] = list(settings.spki)
    if settings.hashes:
        known["verify_certificate_hash"] = list(settings.hashes)
    if settings.crl_file:
        known["crl"] = {"filename": settings.crl_file}
    if settings.authorities_file and not settings.authorities:
        return {
            "validation_context": {"trusted_ca": {"filename": settings.authorities_file}, **known}
        }
    trusted = _from_control(settings.authorities or authority_name(secret))
    if not known:
        return {"validation_context_sds_secret_config": trusted}
    return {
        "combined_validation_context": {
            "default_validation_context": known,
            "validation_context_sds_secret_config": trusted,
        }
    }


def authority_name(secret: str) -> str:
    """What the client authorities of a gateway's secret are called over SDS."""
    return f"{secret}-cacert"


def certificate(name: str, chain: str, key: str) -> Message:
    """A certificate and its key (PEM) as an SDS resource."""
    made: Message = message(f"{_KIND}Secret")(
        name=name,
        tls_certificate={
            "certificate_chain": {"inline_string": chain},
            "private_key": {"inline_string": key},
        },
    )
    return made


def authorities(name: str, bundle: str) -> Message:
    """Trusted authorities (PEM) as an SDS resource."""
    made: Message = message(f"{_KIND}Secret")(
        name=name, validation_context={"trusted_ca": {"inline_string": bundle}}
    )
    return made


def _mesh_context(sans: tuple[str, ...], trust_domain: str) -> Fields:
    allowed = [{"exact": san} for san in sans] or [{"prefix": f"spiffe://{trust_domain}/"}]
    return {
        "tls_params": _ONLY_1_3,
        "tls_certificate_sds_secret_configs": [_from_agent("default")],
        "combined_validation_context": {
            "default_validation_context": {
                "match_typed_subject_alt_names": [
                    {"san_type": "URI", "matcher": matcher} for matcher in allowed
                ]
            },
            "validation_context_sds_secret_config": _from_agent("ROOTCA"),
        },
    }


def _from_agent(name: str) -> Fields:
    return {
        "name": name,
        "sds_config": {
            "resource_api_version": "V3",
            # never time out: without its keys a listener must not open
            "initial_fetch_timeout": {},
            "api_config_source": {
                "api_type": "DELTA_GRPC",
                "transport_api_version": "V3",
                "set_node_on_first_message_only": True,
                "grpc_services": [
                    {
                        "envoy_grpc": {
                            "cluster_name": "agent",
                            "retry_policy": {"retry_back_off": _BACK_OFF},
                        }
                    }
                ],
            },
        },
    }


def _from_control(name: str) -> Fields:
    return {
        "name": name,
        "sds_config": {"resource_api_version": "V3", "initial_fetch_timeout": {}, "ads": {}},
    }
