"""Writes: manifests, pods, reports. Each is one transaction that first takes the generation."""

import logging
import secrets
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Protocol

import redis
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from telemetry.contracts import Channel
from topology import manifests, selectors
from topology.contracts import PodPhase, PodReport, Registry, Service, Workload
from topology.models import Generation, LocalPort, Manifest, PodRow
from topology.platform.local import Create, Forget, Step, Terminate, plan

log = logging.getLogger(__name__)

SILENT_AFTER = timedelta(seconds=30)
"""A node that has not reported for so long is taken to be gone with its Terminating pods."""

HINT_TIMEOUT_SECONDS = 0.5


class Key(Protocol):
    """Names one resource (`routing.contracts.ResourceKey`)."""

    @property
    def kind(self) -> str: ...
    @property
    def namespace(self) -> str: ...
    @property
    def name(self) -> str: ...


class Document(Protocol):
    """One manifest (`routing.contracts.Document`)."""

    @property
    def key(self) -> Key: ...
    @property
    def spec(self) -> Mapping[str, Any]: ...
    @property
    def labels(self) -> tuple[tuple[str, str], ...]: ...
    @property
    def annotations(self) -> tuple[tuple[str, str], ...]: ...


def apply_manifests(documents: Iterable[Document]) -> None:
    """Declare manifests, new or changed; other kinds are passed over. In the caller's transaction."""
    chosen = [d for d in documents if d.key.kind in manifests.KINDS]
    if not chosen:
        return
    with transaction.atomic():
        _change()
        for each in chosen:
            Manifest.objects.update_or_create(
                kind=each.key.kind,
                namespace=_namespace(each.key),
                name=each.key.name,
                defaults={
                    "spec": dict(each.spec),
                    "labels": dict(each.labels),
                    "annotations": dict(each.annotations),
                },
            )
        _give_local_ports()


def delete_manifests(keys: Iterable[Key]) -> None:
    """Take manifests back; what is not there is passed over. In the caller's transaction."""
    chosen = [k for k in keys if k.kind in manifests.KINDS]
    if not chosen:
        return
    with transaction.atomic():
        _change()
        for key in chosen:
            Manifest.objects.filter(
                kind=key.kind, namespace=_namespace(key), name=key.name
            ).delete()


def reconcile(now: datetime | None = None) -> int:
    """Take the pods one step nearer to the Deployments; answers how many steps it took.

    Run it often and anywhere: it only reads while there is nothing to do, and what it does it
    decides again inside its transaction, where no other pass can be.
    """
    at = now or timezone.now()
    if not _steps(selectors.registry(), at):
        return 0
    with transaction.atomic():
        _change()
        # read anew: a registry cached under this generation would miss what follows
        steps = _steps(selectors.read_registry(), at)
        for step in steps:
            _take(step, at)
    return len(steps)


def report_pods(node: str, reports: Sequence[PodReport], now: datetime | None = None) -> None:
    """Take in what an agent says of all the pods it holds."""
    at = now or timezone.now()
    said = {r.uid: r for r in reports}
    PodRow.objects.filter(node=node).update(seen_at=at)
    if not _news(node, said):
        return
    with transaction.atomic():
        _change()
        for row in PodRow.objects.filter(node=node):
            report = said.get(row.uid)
            if report is not None:
                _note(row, report, at)
            elif row.phase == PodPhase.TERMINATING:
                row.delete()


def nothing_runs(node: str) -> None:
    """Say that `node` was switched off: what was ready is pending until its agent says so."""
    with transaction.atomic():
        _change_unheard()
        rows = PodRow.objects.filter(node=node)
        rows.exclude(phase=PodPhase.TERMINATING).update(phase=PodPhase.PENDING, ready=False)
        rows.filter(phase=PodPhase.TERMINATING).delete()


def delete_pod(namespace: str, name: str) -> bool:
    """End one pod (its ReplicaSet makes a new one); False if there is none."""
    with transaction.atomic():
        _change()
        found = PodRow.objects.filter(namespace=namespace, name=name)
        return found.update(phase=PodPhase.TERMINATING, ready=False) == 1


def scaled(spec: Mapping[str, Any], replicas: int) -> dict[str, Any]:
    """A Deployment's spec with another number of replicas."""
    return {**spec, "replicas": replicas}


def restarted(spec: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """A Deployment's spec whose pods are all made anew, as `kubectl rollout restart` does it."""
    template = dict(spec.get("template") or {})
    metadata = dict(template.get("metadata") or {})
    stamp = {"kubectl.kubernetes.io/restartedAt": at.isoformat()}
    metadata["annotations"] = {**(metadata.get("annotations") or {}), **stamp}
    return {**spec, "template": {**template, "metadata": metadata}}


def _namespace(key: Key) -> str:
    return "" if key.kind == "Namespace" else key.namespace


def _change() -> None:
    """Begin a change of the registry: waits for any other, and tells of it after commit."""
    _change_unheard()
    transaction.on_commit(publish_hint)


def _change_unheard() -> None:
    """Begin a change that nobody is there to hear of."""
    token = secrets.token_hex(16)
    if not Generation.objects.filter(pk=1).update(token=token):
        Generation.objects.update_or_create(pk=1, defaults={"token": token})


def _give_local_ports() -> None:
    """Each service port gets a local port when it is first declared, for good."""
    taken = {(p.namespace, p.service, p.port): p.local_port for p in LocalPort.objects.all()}
    services = [v for v in selectors.declared() if isinstance(v, Service)]
    LocalPort.objects.bulk_create(
        LocalPort(
            namespace=one.namespace,
            service=one.name,
            port=port.number,
            local_port=port.local_port,
        )
        for one in manifests.with_local_ports(services, taken)
        for port in one.ports
        if (one.namespace, one.name, port.number) not in taken
    )


def _steps(everything: Registry, at: datetime) -> tuple[Step, ...]:
    silent = PodRow.objects.filter(seen_at__lt=at - SILENT_AFTER).values_list("uid", flat=True)
    return plan(everything.workloads, everything.pods, frozenset(silent))


def _take(step: Step, at: datetime) -> None:
    match step:
        case Create(workload):
            _create(workload, at)
        case Terminate(uid):
            PodRow.objects.filter(uid=uid).update(phase=PodPhase.TERMINATING, ready=False)
        case Forget(uid):
            PodRow.objects.filter(uid=uid).delete()


def _create(workload: Workload, at: datetime) -> None:
    """The container is kept as it is now: a later template is another ReplicaSet's."""
    uid = str(uuid.uuid4())
    name = f"{manifests.replica_set(workload)}-{manifests.word(uid, 5)}"
    PodRow.objects.create(
        uid=uid,
        namespace=workload.namespace,
        name=name,
        workload=workload.name,
        replica_set=manifests.replica_set(workload),
        labels=dict(manifests.pod_labels(workload)),
        service_account=workload.service_account,
        node=manifests.LOCAL_NODE,
        ordinal=_free_ordinal(),
        template=asdict(workload.container) if workload.container else {},
        gateway=workload.gateway,
        sidecar=workload.sidecar,
        phase=PodPhase.PENDING,
        created_at=at,
        seen_at=at,
    )


def _free_ordinal() -> int:
    taken = set(PodRow.objects.values_list("ordinal", flat=True))
    return next(n for n in range(len(taken) + 1) if n not in taken)


def _news(node: str, said: Mapping[str, PodReport]) -> bool:
    """Whether reports say anything that the rows do not."""
    for row in PodRow.objects.filter(node=node):
        report = said.get(row.uid)
        if report is None and row.phase == PodPhase.TERMINATING:
            return True
        if report is not None and _noted(row, report) != _told(row):
            return True
    return False


def _told(row: PodRow) -> tuple[str, bool, int, int, str]:
    return (row.phase, row.ready, row.restarts, row.proxy_restarts, row.message)


def _noted(row: PodRow, report: PodReport) -> tuple[str, bool, int, int, str]:
    """A Terminating pod stays so, and not ready, whatever its agent still says."""
    ending = row.phase == PodPhase.TERMINATING
    return (
        row.phase if ending else report.phase.value,
        report.ready and not ending,
        report.restarts,
        report.proxy_restarts,
        report.message,
    )


def _note(row: PodRow, report: PodReport, at: datetime) -> None:
    noted = _noted(row, report)
    if noted == _told(row):
        return
    row.phase, row.ready, row.restarts, row.proxy_restarts, row.message = noted
    if row.started_at is None and report.phase is PodPhase.RUNNING:
        row.started_at = at
    row.save()


def publish_hint() -> None:
    """Tell listeners at once; they would find out by themselves within a second or so."""
    try:
        client = _broker()
        client.publish(Channel.REGISTRY, "{}")
    except redis.RedisError as error:
        log.warning("could not tell of a registry change: %s", error)


_client: redis.Redis | None = None


def _broker() -> redis.Redis:
    global _client  # noqa: PLW0603  one connection pool per process
    if _client is None:
        _client = redis.Redis.from_url(
            settings.BROKER_URL,
            socket_timeout=HINT_TIMEOUT_SECONDS,
            socket_connect_timeout=HINT_TIMEOUT_SECONDS,
        )
    return _client
