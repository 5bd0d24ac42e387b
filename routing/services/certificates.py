"""Certificates that users brought for TLS, and which Gateways serve them."""

from collections.abc import Iterable, Iterator

from routing.contracts import Document, ServedSecret
from routing.model import Gateway
from routing.model.gateway_api import ApiGateway
from routing.parse import read
from routing.selectors import documents_published, newest_published
from routing.services.platform import registry
from routing.services.secrets import published_secrets
from topology.contracts import Registry

Namer = tuple[str, str, str]
"""A Gateway, and the namespace and name of a Secret that it serves."""


def served_secrets() -> tuple[ServedSecret, ...]:
    """Those in force at the latest pushed revision, by namespace and name; no private keys."""
    number, _ = newest_published()
    documents = documents_published(number)
    secrets = published_secrets(documents)
    if not secrets:
        return ()
    namers = set(namers_in(documents, registry()))
    return tuple(
        ServedSecret(
            namespace=one.namespace,
            name=one.name,
            certificate=one.certificate.decode(errors="replace"),
            authorities=one.authorities.decode(errors="replace"),
            gateways=tuple(
                sorted(
                    gateway
                    for gateway, namespace, name in namers
                    if namespace == one.namespace and name in (one.name, _bare(one.name))
                )
            ),
        )
        for one in secrets
    )


def _bare(name: str) -> str:
    """The credential that Istio's Secret for authorities alone belongs to."""
    return name.removesuffix("-cacert")


def namers_in(documents: Iterable[Document], running: Registry) -> Iterator[Namer]:
    """Istio's Gateways look in the namespaces of their workloads, the Gateway API's say where."""
    for document in documents:
        if document.key.kind != "Gateway":
            continue
        match read(document).resource:
            case Gateway() as gateway:
                yield from _of_istio(gateway, running)
            case ApiGateway() as gateway:
                yield from _of_gateway_api(gateway)


def _of_istio(gateway: Gateway, running: Registry) -> Iterator[Namer]:
    wanted = set(gateway.selector)
    namespaces = {
        workload.namespace
        for workload in running.workloads
        if workload.gateway and wanted.issubset(workload.labels)
    }
    for server in gateway.servers:
        tls = server.tls
        if tls is None:
            continue
        for name in filter(None, (tls.credential, *tls.more_credentials, tls.authorities)):
            for namespace in namespaces:
                yield str(gateway.metadata.key), namespace, name


def _of_gateway_api(gateway: ApiGateway) -> Iterator[Namer]:
    for listener in gateway.listeners:
        if (held := listener.certificate) is not None:
            yield str(gateway.metadata.key), held.namespace, held.name
