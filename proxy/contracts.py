"""What others may hold of the fleet."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeStatus:
    """One xDS type of one proxy. `name` is CDS, EDS, SDS, LDS or RDS; times are Unix seconds.

    `version` is of what it acknowledged last, `wanted` of what control serves it now; `error` is
    what it said of what it refuses.
    """

    name: str
    state: str
    version: str
    acked_at: float | None
    wanted: str = ""
    sent_at: float | None = None
    error: str = ""


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
