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
)
from routing.differences import Difference
from routing.moments import iso


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


class ComparedOut(ChangeOut):
    """A resource that differs between two revisions, and where."""

    fields: list[DifferenceOut]


class ComparisonOut(Schema):
    """What leads from the configuration of revision `before` to that of `after`."""

    before: int
    after: int
    changes: list[ComparedOut]


class RevisionOut(Schema):
    number: int
    state: RevisionState
    author: str
    message: str
    created_at: str
    ms: float | None
    converged: int
    total: int
    changes: list[ChangeOut]
    proxies: list[ProxyProgressOut]
    findings: list[FindingOut]
    system: bool
    reverts: int | None

    @staticmethod
    def of(view: RevisionView) -> "RevisionOut":
        return RevisionOut(
            number=view.number,
            state=view.state,
            author=view.author,
            message=view.message,
            created_at=iso(view.created_at),
            ms=view.ms,
            converged=view.converged,
            total=view.total,
            changes=[ChangeOut.of(one) for one in view.changes],
            proxies=[ProxyProgressOut.of(one) for one in view.proxies],
            findings=[FindingOut.of(one) for one in view.findings],
            system=view.system,
            reverts=view.reverts,
        )


class WriteOut(Schema):
    """What a write did. `revision` 0: nothing was ever applied.

    In a dry run `proxies` are those whose configuration would change (state pending), `changes`
    what would be written, `revision` the one in force.
    """

    revision: int
    state: RevisionState
    message: str
    dry_run: bool
    ms: float | None
    converged: int
    total: int
    findings: list[FindingOut]
    proxies: list[ProxyProgressOut]
    changes: list[ChangeOut]


class MetadataOut(Schema):
    name: str
    namespace: str
    uid: str
    labels: dict[str, str]
    annotations: dict[str, str]
    generation: int
    resourceVersion: str = Field(..., description="also the ETag")  # noqa: N815  Kubernetes' name
    creationTimestamp: str  # noqa: N815  Kubernetes' name


class StatusOut(Schema):
    """The revision that wrote this version, and how far it got."""

    revision: int
    state: RevisionState


class ResourceOut(Schema):
    apiVersion: str  # noqa: N815  Kubernetes' name
    kind: str
    metadata: MetadataOut
    spec: dict[str, Any]
    findings: list[FindingOut]
    status: StatusOut


def key_of(kind: str, namespace: str, name: str) -> ResourceKey:
    """Kinds of the whole cluster have no namespace, whatever the path says."""
    return ResourceKey(kind, "" if kind == "Namespace" else namespace, name)
