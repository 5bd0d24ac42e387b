"""The whole mesh, compiled: one configuration per proxy, parts shared wherever they are equal."""

from collections.abc import Mapping
from dataclasses import dataclass

from rest.contracts import Finding
from routing.contracts import Document
from routing.ir import GatewaySecret, MtlsMode, ProxyConfig
from topology.contracts import Registry


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
class MeshInput:
    """All that the compiled mesh depends on. `secrets` are the gateway certificates there are.

    `host_port_offset` is added to a container port's `hostPort` (`settings.PORT_OFFSET`).
    """

    documents: tuple[Document, ...]
    registry: Registry
    trust_domain: str = "cluster.local"
    root_namespace: str = "istio-system"
    host_port_offset: int = 0
    overlap: frozenset[Overlap] = frozenset()
    secrets: tuple[GatewaySecret, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mesh:
    """Configurations by proxy id. Unchanged ones are the same objects as in the mesh before."""

    configs: Mapping[str, ProxyConfig]
    modes: Mapping[tuple[str, str, int], MtlsMode]
    findings: tuple[Finding, ...] = ()

    def proxy(self, proxy_id: str) -> ProxyConfig | None:
        """The configuration of one proxy; None for a proxy that is not in the registry."""
        return self.configs.get(proxy_id)

    def proxy_ids(self) -> tuple[str, ...]:
        return tuple(self.configs)

    def changed_since(self, before: "Mesh | None") -> tuple[str, ...]:
        """The proxies whose configuration is new or another one than in `before`."""
        if before is None:
            return self.proxy_ids()
        known = before.configs
        return tuple(i for i, config in self.configs.items() if known.get(i) is not config)


class Compiler:
    """Compiles one mesh after another, remembering every step whose inputs have not changed.

    Not thread-safe: one compiler belongs to one thread at a time.
    """

    def compile(self, given: MeshInput) -> Mesh:
        raise NotImplementedError(given)


def compile_mesh(given: MeshInput) -> Mesh:
    """Compile without any memory of earlier meshes."""
    return Compiler().compile(given)
