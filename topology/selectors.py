"""Reads: the registry, and what a node's agent shall run."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from topology import manifests
from topology.contracts import (
    Assignment,
    Container,
    ContainerPort,
    Namespace,
    Pod,
    PodPhase,
    Registry,
    Service,
    ServiceAccount,
    Workload,
    labels,
)
from topology.models import Generation, LocalPort, Manifest, PodRow
from topology.platform import environment
from topology.platform.foreseen import Declaration, foreseen

ATTEMPTS = 5

_latest: tuple[str, Registry] = ("", Registry())


def registry() -> Registry:
    """Everything declared and running, at one moment. One query while nothing has changed."""
    global _latest  # noqa: PLW0603  a cache of one value, keyed by its generation
    token, cached = _latest
    for _ in range(ATTEMPTS):
        before = generation()
        if before and before == token:
            return cached
        read = read_registry()
        if before == generation():
            _latest = (before, read)
            return read
    with transaction.atomic():  # too many writers: take a turn as one of them
        return read_registry()


def registry_after(changed: Iterable[Declaration]) -> Registry:
    """What would run after a change of manifests (`topology.platform.foreseen`); writes nothing."""
    wanted = tuple(changed)
    return foreseen(registry(), wanted, _local_ports()) if wanted else registry()


def generation() -> str:
    """Changes whenever the registry does. "" before its first change."""
    return Generation.objects.values_list("token", flat=True).first() or ""


def pods_for_node(node: str) -> tuple[Assignment, ...]:
    """The pods of a node with what runs in them, Terminating ones included, by name."""
    everything = registry()
    containers = {
        row["uid"]: container_in(row["template"])
        for row in PodRow.objects.filter(node=node).values("uid", "template")
    }
    return tuple(
        Assignment(
            pod=pod,
            container=containers[pod.uid],
            env=environment.given(pod, everything.services),
        )
        for pod in everything.pods
        if pod.uid in containers
    )


def started_at() -> dict[str, datetime]:
    """When pods first ran, by uid."""
    started = PodRow.objects.exclude(started_at=None).values_list("uid", "started_at")
    return {uid: moment for uid, moment in started if moment is not None}


def parse(row: Manifest) -> Namespace | ServiceAccount | Service | Workload | None:
    return manifests.parse(
        kind=row.kind,
        namespace=row.namespace,
        name=row.name,
        spec=row.spec,
        labels=labels(row.labels),
        annotations=labels(row.annotations),
    ).value


def pod_of(row: PodRow) -> Pod:
    network = settings.POD_NETWORK
    has_app = row.sidecar and not row.gateway
    container = container_in(row.template)
    return Pod(
        namespace=row.namespace,
        name=row.name,
        uid=row.uid,
        workload=row.workload,
        replica_set=row.replica_set,
        labels=labels(row.labels),
        service_account=row.service_account,
        node=row.node,
        address=manifests.address(network, row.ordinal),
        app_address=manifests.address(network + 1, row.ordinal) if has_app else "",
        outbound_address=manifests.address(network + 2, row.ordinal) if has_app else "",
        ports=container.ports if container else (),
        gateway=row.gateway,
        sidecar=row.sidecar,
        phase=PodPhase(row.phase),
        ready=row.ready,
        restarts=row.restarts,
        proxy_restarts=row.proxy_restarts,
        message=row.message,
    )


def container_in(template: Mapping[str, Any]) -> Container | None:
    """The container kept in a pod's row (`dataclasses.asdict` of it, or {})."""
    if not template:
        return None
    return Container(
        name=template["name"],
        command=tuple(template["command"]),
        env=tuple((name, value) for name, value in template["env"]),
        ports=tuple(ContainerPort(**port) for port in template["ports"]),
    )


def declared() -> tuple[Namespace | ServiceAccount | Service | Workload, ...]:
    """The manifests in force, parsed."""
    return tuple(v for row in Manifest.objects.all() if (v := parse(row)) is not None)


def pods() -> tuple[Pod, ...]:
    return tuple(pod_of(row) for row in PodRow.objects.order_by("namespace", "name"))


def read_registry() -> Registry:
    """The registry as this transaction sees it, never from the cache."""
    return manifests.assemble(declared(), pods=pods(), local_ports=_local_ports())


def _local_ports() -> dict[tuple[str, str, int], int]:
    return {(p.namespace, p.service, p.port): p.local_port for p in LocalPort.objects.all()}
