"""The shapes of the configuration over REST."""

from typing import Any

from ninja import Field, Schema

from rest.shapes import FindingOut
from routing.contracts import (
    ChangeView,
    ProxyProgress,
    ProxyState,
    ResourceKey,
    RevisionState,
    RevisionView,
    Trial,
    TrialOutcome,
)
from routing.differences import Difference
from routing.effects import Effects, Group, ResourceChange
from routing.http.statuses import AnyStatusOut
from routing.moments import iso
from routing.parse.fields import KINDS


class ProxyProgressOut(Schema):
    """One proxy's progress with one revision; `ms` from accepted to its last ACK."""

    id: str
    pod: str
    namespace: str
    state: ProxyState
    ms: float | None
    error: str

    @staticmethod
    def of(progress: ProxyProgress) -> "ProxyProgressOut":
        pod, _, namespace = _pod_of(progress.proxy_id).partition(".")
        return ProxyProgressOut(
            id=progress.proxy_id,
            pod=pod,
            namespace=namespace,
            state=progress.state,
            ms=progress.ms,
            error=progress.error,
        )


def _pod_of(proxy_id: str) -> str:
    """ "pod.namespace", the third part of Envoy's node id."""
    parts = proxy_id.split("~")
    return parts[2] if len(parts) > 2 else proxy_id


class ChangeOut(Schema):
    """One resource before and after, as YAML."""

    resource: str
    action: str
    before: str | None
    after: str | None

    @staticmethod
    def of(change: ChangeView) -> "ChangeOut":
        return ChangeOut(
            resource=str(change.resource),
            action=change.action,
            before=change.before,
            after=change.after,
        )


class DifferenceOut(Schema):
    """One field that differs: `spec.http[0].timeout`; null on a side that has none."""

    path: str
    action: str = Field(..., description="add, remove or change")
    before: Any
    after: Any

    @staticmethod
    def of(found: Difference) -> "DifferenceOut":
        action = {(False, True): "add", (True, False): "remove"}.get(found.there, "change")
        return DifferenceOut(path=found.path, action=action, before=found.before, after=found.after)


class FieldChangeOut(Schema):
    """One field of an Envoy resource; `text` says it in words."""

    path: str
    action: str = Field(..., description="add, remove or change")
    before: Any
    after: Any
    text: str


class ResourceChangeOut(Schema):
    """One Envoy resource that changes; `origins` are the resources its parts are made from.

    A listener's name is its role and port ("inbound:9080"): its address is each proxy's own.
    """

    type: str = Field(..., description="listener, route, cluster, endpoints, secret or telemetry")
    name: str
    action: str = Field(..., description="add, remove or change")
    fields: list[FieldChangeOut]
    origins: list[str]
    left_out: int = Field(..., description="how many more fields change")

    @staticmethod
    def of(found: ResourceChange) -> "ResourceChangeOut":
        return ResourceChangeOut(
            type=found.kind,
            name=found.name,
            action=found.action,
            fields=[FieldChangeOut.from_orm(one) for one in found.fields],
            origins=list(found.origins),
            left_out=found.left_out,
        )


class ProxyNameOut(Schema):
    id: str
    pod: str
    namespace: str

    @staticmethod
    def of(proxy_id: str) -> "ProxyNameOut":
        pod, _, namespace = _pod_of(proxy_id).partition(".")
        return ProxyNameOut(id=proxy_id, pod=pod, namespace=namespace)


class EffectGroupOut(Schema):
    """The same changes in `count` proxies, of which `proxies` names the first."""

    count: int
    proxies: list[ProxyNameOut]
    changes: list[ResourceChangeOut]

    @staticmethod
    def of(group: Group) -> "EffectGroupOut":
        return EffectGroupOut(
            count=group.count,
            proxies=[ProxyNameOut.of(one) for one in group.proxies],
            changes=[ResourceChangeOut.of(one) for one in group.changes],
        )


class TurnoverOut(Schema):
    """How many pods of a workload start and end; one that is replaced does both."""

    namespace: str
    workload: str
    starts: int
    ends: int


class EffectsOut(Schema):
    """What changes in the Envoys that run now: `proxies` of them, alike ones together.

    A pod that would be replaced stands for its successor. What a pod's own proxy has before it
    starts, and its address in other proxies' endpoints, nobody knows.
    """

    proxies: int
    pods: list[TurnoverOut] = Field(..., description="which workloads' pods start and end")
    groups: list[EffectGroupOut]
    left_out_groups: int
    left_out_changes: int

    @staticmethod
    def of(found: Effects) -> "EffectsOut":
        return EffectsOut(
            proxies=len(found.affected),
            pods=[TurnoverOut.from_orm(one) for one in found.turnovers],
            groups=[EffectGroupOut.of(one) for one in found.groups],
            left_out_groups=found.left_out_groups,
            left_out_changes=found.left_out_changes,
        )


class ComparedOut(ChangeOut):
    """A resource that differs between two revisions, and where."""

    fields: list[DifferenceOut]


class ComparisonOut(Schema):
    """What leads from the configuration of revision `before` to that of `after`.

    A revision that was rejected in its trial never was in force: what was then is compared, and
    `in_force` says of which revisions it is.
    """

    before: int
    after: int
    in_force: tuple[int, int]
    changes: list[ComparedOut]


class TrialOut(Schema):
    """What Envoy said of a revision before any proxy was told."""

    outcome: TrialOutcome = Field(..., description="untried: Envoy could not be asked")
    parts: int = Field(..., description="how many different parts it was asked about")
    ms: float
    error: str

    @staticmethod
    def of(trial: Trial) -> "TrialOut":
        return TrialOut(outcome=trial.outcome, parts=trial.parts, ms=trial.ms, error=trial.error)


class RevisionOut(Schema):
    number: int
    state: RevisionState
    author: str
    message: str
    created_at: str
    ms: float | None
    p50_ms: float | None = Field(None, description="of the proxies that have it; p99_ms, too")
    p99_ms: float | None = None
    converged: int
    total: int
    changes: list[ChangeOut]
    proxies: list[ProxyProgressOut]
    findings: list[FindingOut]
    system: bool
    reverts: int | None
    trial: TrialOut | None = Field(..., description="null: there was nothing to try, or not yet")
    trace_id: str | None = Field(None, description="from the request to each proxy's answer")

    @staticmethod
    def of(view: RevisionView) -> "RevisionOut":
        return RevisionOut(
            number=view.number,
            state=view.state,
            author=view.author,
            message=view.message,
            created_at=iso(view.created_at),
            ms=view.ms,
            p50_ms=view.quantile_ms(0.5),
            p99_ms=view.quantile_ms(0.99),
            converged=view.converged,
            total=view.total,
            changes=[ChangeOut.of(one) for one in view.changes],
            proxies=[ProxyProgressOut.of(one) for one in view.proxies],
            findings=[FindingOut.of(one) for one in view.findings],
            system=view.system,
            reverts=view.reverts,
            trial=TrialOut.of(view.trial) if view.trial else None,
            trace_id=view.trace_id or None,
        )


class WriteOut(Schema):
    """What a write did. `revision` 0: nothing was ever applied.

    A dry run makes no revision (null) and says over which one it looked (`based_on`); `proxies` are
    those whose configuration would change (state pending), `changes` what would be written,
    `effects` what would change in each Envoy.
    """

    revision: int | None
    based_on: int | None = None
    state: RevisionState
    message: str
    dry_run: bool
    ms: float | None
    converged: int
    total: int
    findings: list[FindingOut]
    proxies: list[ProxyProgressOut]
    changes: list[ChangeOut]
    effects: EffectsOut | None = None
    trace_id: str | None = None


class MetadataOut(Schema):
    name: str
    namespace: str
    uid: str
    labels: dict[str, str]
    annotations: dict[str, str]
    generation: int
    resourceVersion: str = Field(..., description="also the ETag")  # noqa: N815  Kubernetes' name
    creationTimestamp: str  # noqa: N815  Kubernetes' name


class ResourceOut(Schema):
    apiVersion: str  # noqa: N815  Kubernetes' name
    kind: str
    metadata: MetadataOut
    spec: dict[str, Any]
    findings: list[FindingOut]
    status: AnyStatusOut


def key_of(kind: str, namespace: str, name: str) -> ResourceKey:
    """Kinds of the whole cluster have no namespace, whatever the path says."""
    return ResourceKey(kind, "" if is_cluster_scoped(kind) else namespace, name)


def is_cluster_scoped(kind: str) -> bool:
    known = KINDS.get(kind)
    return known is not None and known.cluster_scoped
