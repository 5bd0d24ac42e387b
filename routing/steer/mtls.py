"""mTLS modes of the mesh, a namespace or a workload: read, and written as PeerAuthentication."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from routing.contracts import Document, ResourceKey
from routing.documents import plain
from routing.ir import MtlsMode
from routing.steer.ambiguous import Ambiguous
from topology.contracts import Labels, Workload, labels, selects

SECURITY = "security.istio.io/v1"
ROOT_NAMESPACE = "istio-system"
DEFAULT = "default"
UNSET = "UNSET"

Documents = Mapping[ResourceKey, Document]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a mode is for: the mesh (root namespace), a namespace, or a workload in it."""

    namespace: str = ROOT_NAMESPACE
    workload: Workload | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """`mode` is what is said at this very scope (UNSET: nothing), `effective` what holds there.

    `source` is the resource that says so; None for Istio's default, PERMISSIVE.
    """

    mode: str
    effective: MtlsMode
    source: ResourceKey | None


def read(scope: Scope, documents: Documents) -> Reading:
    """What is said, and what holds: the narrowest scope with a mode wins (Istio's order)."""
    own = authentication(scope, documents)
    for wider in _widening(scope):
        found = authentication(wider, documents)
        if found is not None and _mode(found) != UNSET:
            return Reading(mode=_mode(own), effective=MtlsMode(_mode(found)), source=found.key)
    return Reading(mode=_mode(own), effective=MtlsMode.PERMISSIVE, source=None)


def write(
    scope: Scope, mode: str, documents: Documents, neighbours: Iterable[Workload] = ()
) -> Document | Ambiguous:
    """The PeerAuthentication that says `mode` at this scope: the one in force edited, or a new one.

    One that also holds for `neighbours` (the other workloads) is not edited: that is ambiguous.
    """
    found = authentication(scope, documents) or _fresh(scope, documents)
    shared = [
        one.name
        for one in neighbours
        if scope.workload is not None
        and (one.namespace, one.name) != (scope.namespace, scope.workload.name)
        and one.namespace == scope.namespace
        and selects(_selector(found), one.labels)
    ]
    if shared:
        return Ambiguous(
            message=f"{found.key} also holds for {', '.join(sorted(shared))}.",
            resources=(found.key,),
        )
    return replace(found, spec={**plain(found.spec), "mtls": {"mode": mode}})


def authentication(scope: Scope, documents: Documents) -> Document | None:
    """The oldest PeerAuthentication of exactly this scope (Istio's precedence)."""
    found = [
        one
        for key, one in documents.items()
        if key.kind == "PeerAuthentication"
        and key.namespace == scope.namespace
        and _concerns(one, scope.workload)
    ]
    return min(found, key=lambda one: (one.created_at, one.key), default=None)


def _widening(scope: Scope) -> tuple[Scope, ...]:
    if scope.workload is not None:
        return (scope, Scope(namespace=scope.namespace), Scope())
    return (scope, Scope())


def _concerns(document: Document, workload: Workload | None) -> bool:
    selector = _selector(document)
    if workload is None:
        return not selector
    return selects(selector, workload.labels)


def _selector(document: Document) -> Labels:
    selector = document.spec.get("selector") or {}
    return labels({str(k): str(v) for k, v in (selector.get("matchLabels") or {}).items()})


def _mode(document: Document | None) -> str:
    given = (document.spec.get("mtls") or {}) if document else {}
    return str(given.get("mode") or UNSET)


def _fresh(scope: Scope, documents: Documents) -> Document:
    name = DEFAULT if scope.workload is None else scope.workload.name
    spec = {} if scope.workload is None else {"selector": {"matchLabels": _naming(scope.workload)}}
    key = ResourceKey("PeerAuthentication", scope.namespace, name)
    while key in documents:  # the name is taken by one of another scope
        key = replace(key, name=f"{key.name}-mtls")
    return Document(key=key, api_version=SECURITY, spec=spec)


def _naming(workload: Workload) -> dict[str, str]:
    """The labels that tell this workload from its neighbours: all of its own."""
    return dict(workload.labels)
