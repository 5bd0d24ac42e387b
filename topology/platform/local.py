"""The local platform's ReplicaSets: which pods to make, end and forget. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from topology.contracts import Pod, PodPhase, Workload
from topology.manifests import replica_set


@dataclass(frozen=True, slots=True)
class Create:
    """Make one pod of this workload's current template."""

    workload: Workload


@dataclass(frozen=True, slots=True)
class Terminate:
    """Ask the agent to end a pod."""

    uid: str


@dataclass(frozen=True, slots=True)
class Forget:
    """Drop a Terminating pod whose node has fallen silent."""

    uid: str


Step = Create | Terminate | Forget


def plan(
    workloads: Iterable[Workload], pods: Sequence[Pod], silent: frozenset[str]
) -> tuple[Step, ...]:
    """What takes the pods one step nearer to what the workloads declare; () when they are there.

    `silent` are the uids of pods whose node has not spoken for too long. A new template is
    rolled out new pods first: each old pod ends only when a new one is ready in its place (gateways
    share their ports meanwhile).
    """
    steps: list[Step] = [
        Forget(p.uid) for p in pods if p.phase is PodPhase.TERMINATING and p.uid in silent
    ]
    living = [p for p in pods if p.phase is not PodPhase.TERMINATING]
    declared = {(w.namespace, w.name): w for w in workloads}
    for key in sorted(declared):
        workload, own = declared[key], [p for p in living if (p.namespace, p.workload) == key]
        steps += _roll(workload, own)
    orphans = [p for p in living if (p.namespace, p.workload) not in declared]
    return (*steps, *(Terminate(p.uid) for p in orphans))


def _roll(workload: Workload, pods: Sequence[Pod]) -> list[Step]:
    """Old pods may stay as long as fewer new ones are ready than are wanted."""
    current = replica_set(workload)
    new = sorted((p for p in pods if p.replica_set == current), key=_keep_first)
    old = sorted((p for p in pods if p.replica_set != current), key=_keep_first)
    ready = sum(p.ready for p in new)
    may_stay = max(workload.replicas - ready, 0)
    missing = max(workload.replicas - len(new), 0)
    surplus = [*new[workload.replicas :], *old[may_stay:]]
    return [*[Create(workload)] * missing, *(Terminate(p.uid) for p in surplus)]


def _keep_first(pod: Pod) -> tuple[bool, str]:
    """Of too many pods those go first that are of least use."""
    return (not pod.ready, pod.name)
