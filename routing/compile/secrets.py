"""Which Secrets a proxy is given, and under which names their parts come over SDS."""

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from routing.contracts import Document
from routing.ir import Cluster, GatewaySecret, GatewayTlsMode, OriginateTls, ServerTls
from routing.model.gateway import ServerTls as WantedTls

CHECKS_CLIENTS = (GatewayTlsMode.MUTUAL, GatewayTlsMode.OPTIONAL_MUTUAL)
NEEDS_SECRET = (GatewayTlsMode.SIMPLE, *CHECKS_CLIENTS)

TLS_TYPE = "kubernetes.io/tls"
AUTHORITIES = ("ca.crt", "cacert")
"""What a Secret calls the authorities that check others' certificates."""


def tls_parts(document: Document) -> GatewaySecret | None:
    """A Secret that TLS can use; None for other documents."""
    if document.key.kind != "Secret":
        return None
    spec = document.spec
    keys = {*(spec.get("keys") or ()), *(spec.get("data") or ()), *(spec.get("stringData") or ())}
    certificate = spec.get("type") == TLS_TYPE
    authorities = any(name in keys for name in AUTHORITIES)
    if not certificate and not authorities:
        return None
    return GatewaySecret(
        name=document.key.name,
        namespace=document.key.namespace,
        digest=str(spec.get("digest")),
        has_certificate=certificate,
        has_authorities=authorities,
    )


class Found(NamedTuple):
    """A part of a Secret: the Secret, and the part's name over SDS."""

    secret: GatewaySecret
    name: str


def certificate(secrets: Iterable[GatewaySecret], credential: str) -> Found | None:
    found = named(secrets, credential)
    return Found(found, found.name) if found is not None and found.has_certificate else None


def authorities(secrets: tuple[GatewaySecret, ...], credential: str) -> Found | None:
    """Those in the Secret itself, else in the one with "-cacert" after its name (as in Istio)."""
    for name in (credential, f"{credential}-cacert"):
        found = named(secrets, name)
        if found is not None and found.has_authorities:
            return Found(found, found.authorities_name)
    return None


def named(secrets: Iterable[GatewaySecret], name: str) -> GatewaySecret | None:
    return next((s for s in secrets if s.name == name), None)


def used_by(
    clusters: Iterable[Cluster], secrets: tuple[GatewaySecret, ...]
) -> tuple[GatewaySecret, ...]:
    """The Secrets whose parts these clusters name."""
    names = {
        name
        for cluster in clusters
        if isinstance(cluster.tls, OriginateTls)
        for name in (cluster.tls.credential, cluster.tls.authorities)
        if name
    }
    return tuple(s for s in secrets if names & {s.name, s.authorities_name}) if names else ()


def with_secrets(tls: WantedTls, secrets: tuple[GatewaySecret, ...]) -> ServerTls | None:
    """The settings with the SDS names of all Secrets; None where one that is needed is missing."""
    settings = tls.settings
    if tls.mode not in NEEDS_SECRET:
        return replace(settings, files=(), authorities_file="")
    if not tls.credential and not settings.files:
        return None
    if tls.credential and certificate(secrets, tls.credential) is None:
        return None
    others = (certificate(secrets, name) for name in tls.more_credentials)
    settings = replace(settings, secrets=tuple(found.name for found in others if found is not None))
    if tls.mode not in CHECKS_CLIENTS:
        return settings
    trusted = authorities(secrets, tls.authorities or tls.credential)
    if trusted is None:
        return settings if settings.authorities_file else None
    return replace(settings, authorities=trusted.name)
