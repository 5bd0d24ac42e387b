"""Sidecar: what a workload can see of the mesh, and how it is reached."""

from dataclasses import dataclass

from routing.model.destination_rule import ConnectionPool
from routing.model.gateway import ServerTls
from routing.model.hosts import covers
from routing.model.metadata import Metadata
from routing.model.virtual_service import Destination
from topology.contracts import AppProtocol, Labels

Hosts = tuple[tuple[str, str], ...]
"""(namespace or "*", host pattern) pairs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IngressListener:
    """A port of the workload; its connections go to `endpoint`, an address of the application's own.

    An endpoint is "unix:///path", or a port of the application (None: the same one). `bind` empty is
    the pod's address. `tls` is for callers from outside the mesh: it is used where mutual TLS is off.
    """

    port: int
    protocol: AppProtocol
    bind: str = ""
    endpoint_port: int | None = None
    socket: str = ""
    pool: ConnectionPool | None = None
    tls: ServerTls | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EgressListener:
    """A port of its own towards some hosts. `bind` empty is where all others are opened."""

    port: int
    protocol: AppProtocol
    hosts: Hosts
    bind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sidecar:
    """`egress` None shows everything. `listeners` are those of its hosts that have a port too.

    `allow_any`: hosts that nobody knows can be reached too, by way of `egress_proxy` if there is one.
    `ingress` None: every port of the workload is reached as its Services say.
    """

    metadata: Metadata
    selector: Labels = ()
    egress: Hosts | None = None
    listeners: tuple[EgressListener, ...] = ()
    allow_any: bool = False
    egress_proxy: Destination | None = None
    ingress: tuple[IngressListener, ...] | None = None
    pool: ConnectionPool | None = None

    def shows(self, namespace: str, host: str) -> bool:
        """Whether a host that a namespace's resource declares can be seen."""
        return self.egress is None or names(self.egress, namespace, host)


def names(hosts: Hosts, namespace: str, host: str) -> bool:
    return any(where in ("*", namespace) and covers(pattern, host) for where, pattern in hosts)
