"""Which mTLS a workload's ports ask for, and what its clients therefore do."""

from collections.abc import Iterable
from dataclasses import dataclass

from routing.contracts import ResourceKey
from routing.ir import MtlsMode
from routing.model import PeerAuthentication
from topology.contracts import Labels, Pod, Workload, selects


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """A change of mTLS mode that is under way at one workload.

    While it is, the servers serve `previous` and the mode now in force. Clients use the mode in
    force once `clients_switched`; before that they act as under `previous`. So a change without a
    failed request is: servers (False), then clients (True), then no overlap. `port` 0 is all ports.
    """

    namespace: str
    workload: str
    previous: MtlsMode
    port: int = 0
    clients_switched: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """What can apply in one namespace: the mesh's, the namespace's and the workloads' policies."""

    mesh: PeerAuthentication | None = None
    namespace: PeerAuthentication | None = None
    workloads: tuple[PeerAuthentication, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Effective:
    """The mode in force and the resource it comes from (None: Istio's default, PERMISSIVE)."""

    mode: MtlsMode
    source: ResourceKey | None = None


def policies_of(
    namespace: str, root_namespace: str, every: Iterable[PeerAuthentication]
) -> Policies:
    """The policies of a namespace; of several that claim the same the oldest wins. A selector in the
    root namespace reaches no other one (as in Istio)."""
    mesh: PeerAuthentication | None = None
    own: PeerAuthentication | None = None
    workloads: list[PeerAuthentication] = []
    for policy in sorted(every, key=lambda p: p.metadata.age):
        where = policy.metadata.key.namespace
        if where == root_namespace and not policy.selector:
            mesh = mesh or policy
        elif where == namespace and not policy.selector:
            own = own or policy
        elif where == namespace and policy.selector:
            workloads.append(policy)
    return Policies(mesh=mesh, namespace=own, workloads=tuple(workloads))


def own_policy(policies: Policies, labels: Labels) -> PeerAuthentication | None:
    """The policy whose selector picks the workload."""
    return next((p for p in policies.workloads if selects(p.selector, labels)), None)


def effective(policies: Policies, labels: Labels, port: int = 0) -> Effective:
    """The mode at a container port of a workload: the narrowest policy that sets one.

    Port 0 asks for the workload as a whole; labels () for the namespace as a whole.
    """
    own = own_policy(policies, labels)
    if own is not None:
        by_port = dict(own.ports).get(port)
        if by_port is not None:
            return Effective(mode=by_port, source=own.metadata.key)
    for policy in (own, policies.namespace, policies.mesh):
        if policy is not None and policy.mode is not None:
            return Effective(mode=policy.mode, source=policy.metadata.key)
    return Effective(mode=MtlsMode.PERMISSIVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class PodView:
    """A pod with the policies over it: all that its servers and clients need to agree."""

    pod: Pod
    policies: Policies
    overlaps: tuple[Overlap, ...] = ()

    @property
    def serves(self) -> bool:
        """Whether it may take traffic."""
        return self.pod.ready and self.pod.phase == "Running"

    def mode(self, port: int) -> MtlsMode:
        return effective(self.policies, self.pod.labels, port).mode

    def modes(self, port: int) -> frozenset[MtlsMode]:
        """What the server accepts: the mode, and the previous one while a change is under way."""
        return frozenset({self.mode(port), *(o.previous for o in self.changes(port))})

    def mtls(self, port: int) -> bool:
        """Whether clients in the mesh speak mTLS to this port."""
        if self.pod.gateway or not self.pod.sidecar:
            return False
        waiting = [o.previous for o in self.changes(port) if not o.clients_switched]
        return (waiting[0] if waiting else self.mode(port)) is not MtlsMode.DISABLE

    def changes(self, port: int) -> list[Overlap]:
        """Those of the port itself; a port that is set apart does not change with its workload."""
        own = [o for o in self.overlaps if o.port == port]
        policy = own_policy(self.policies, self.pod.labels)
        if own or (policy is not None and port in dict(policy.ports)):
            return own
        return [o for o in self.overlaps if o.port == 0]


def pod_view(pod: Pod, policies: Policies, overlaps: tuple[Overlap, ...]) -> PodView:
    return PodView(pod=pod, policies=policies, overlaps=overlaps)


def modes_in_force(
    workloads: tuple[Workload, ...], every: tuple[PeerAuthentication, ...], root_namespace: str
) -> dict[tuple[str, str, int], MtlsMode]:
    """By (namespace, workload, port): port 0 is the workload, others only where set apart."""
    found: dict[tuple[str, str, int], MtlsMode] = {}
    for workload in workloads:
        policies = policies_of(workload.namespace, root_namespace, every)
        own = own_policy(policies, workload.labels)
        for port in (0, *(number for number, _ in own.ports)) if own else (0,):
            key = (workload.namespace, workload.name, port)
            found[key] = effective(policies, workload.labels, port).mode
    return found
