"""Which Secrets a proxy is given, and under which names their parts come over SDS."""

from collections.abc import Iterable
from typing import NamedTuple

from routing.contracts import Document
from routing.ir import Cluster, GatewaySecret, OriginateTls

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
