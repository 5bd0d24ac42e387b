"""What others may hold of the fleet."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeStatus:
    """One xDS type of one proxy. `name` is CDS, EDS, SDS, LDS or RDS; `acked_at` Unix seconds."""

    name: str
    state: str
    version: str
    acked_at: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyStatus:
    """One proxy as its control process last saw it.

    `state` is synced, pending, rejected or disconnected; `revision` the newest it has wholly.
    """

    id: str
    namespace: str
    pod: str
    workload: str
    connected: bool
    revision: int
    state: str
    types: tuple[TypeStatus, ...] = ()
    error: str = ""
    certificate_expires_at: float | None = None
