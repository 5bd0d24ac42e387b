"""What the configuration adds to the registry's answers (`topology.contracts.RoutingView`)."""

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from rest.contracts import Finding
from routing.contracts import Document, ResourceKey
from routing.selectors import documents_in_force, newest_accepted
from routing.services.judgement import findings_by_resource
from routing.steer import mtls, weights
from routing.steer.ambiguous import Ambiguous
from routing.steer.hosts import means
from topology import facade as topology
from topology.contracts import Registry, Service, ServiceRouting, Workload


class ConfigurationView:
    """Reads the configuration once, answers for any namespace, workload or service."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    @cached_property
    def _documents(self) -> dict[ResourceKey, Document]:
        return documents_in_force()

    @cached_property
    def _findings(self) -> dict[str, tuple[Finding, ...]]:
        return findings_by_resource(newest_accepted(), topology.generation())

    def mtls(self, namespace: str, workload: Workload | None = None) -> str:
        scope = mtls.Scope(namespace=namespace, workload=workload)
        return mtls.read(scope, self._documents).effective.value

    def service(self, service: Service) -> ServiceRouting:
        split = weights.read(service, self._registry, self._documents)
        known = not isinstance(split, Ambiguous)
        resources = sorted(str(key) for key in self._concerning(service))
        return ServiceRouting(
            mtls=self.mtls(service.namespace),
            weights=split.weights if not isinstance(split, Ambiguous) and split.configured else (),
            weights_editable=known and bool(weights.versions(service, self._registry)),
            resources=tuple(resources),
            findings=tuple(one for name in resources for one in self._findings.get(name, ())),
        )

    def _concerning(self, service: Service) -> Iterator[ResourceKey]:
        """Routes to or of the service, and its destination rules."""
        for key, document in self._documents.items():
            if key.kind in ("VirtualService", "DestinationRule") and any(
                means(host, key.namespace, service) for host in _hosts(document)
            ):
                yield key


def _hosts(document: Document) -> Iterator[str]:
    """The hosts a route or rule speaks of."""
    if document.key.kind == "DestinationRule":
        yield str(document.spec.get("host", ""))
        return
    yield from map(str, document.spec.get("hosts") or ())
    for section in ("http", "tcp", "tls"):
        for rule in document.spec.get(section) or ():
            yield from _destinations(rule)


def _destinations(rule: dict[str, Any]) -> Iterator[str]:
    for share in rule.get("route") or ():
        yield str((share.get("destination") or {}).get("host", ""))
