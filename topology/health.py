"""How well something does, judged from its traffic and its replicas by Kiali's default rules.

Source: Kiali's `health_config` defaults. Ratios are percent of the requests of that protocol:
HTTP 5xx and "no response" degrade above 0 and fail from 10, HTTP 4xx degrade from 10 and fail
from 20, gRPC statuses other than OK degrade above 0 and fail from 10. Fewer ready pods than
desired degrade, none ready fail. The worst verdict wins.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from topology.contracts import Health

VERDICTS = tuple(Health)
SEVERITY: dict[Health, int] = {health: rank for rank, health in enumerate(VERDICTS)}
NO_RESPONSE_CODES = frozenset({"", "0", "-", "unknown"})
GRPC_STATUSES = 17


class Outcomes(NamedTuple):
    """Requests by how they ended: counts or rates, but one of the two throughout."""

    http: float = 0.0
    client_errors: float = 0.0
    server_errors: float = 0.0
    no_response: float = 0.0
    grpc: float = 0.0
    grpc_errors: float = 0.0

    @property
    def requests(self) -> float:
        return self.http + self.grpc

    @property
    def error_ratio(self) -> float:
        """The share (0..1) that the service failed: 5xx, no response, gRPC status not OK."""
        failed = self.server_errors + self.no_response + self.grpc_errors
        return failed / (self.http + self.grpc) if failed else 0.0


def outcome_of(protocol: str, code: str, flags: str) -> Outcomes:
    """One request's outcome. A gRPC `code` is its status, or an HTTP code where it has none."""
    if protocol == "grpc":
        return Outcomes(grpc=1.0, grpc_errors=float(_grpc_failed(code, flags)))
    if code in NO_RESPONSE_CODES:
        return Outcomes(http=1.0, no_response=1.0)
    return Outcomes(
        http=1.0,
        client_errors=float(code.startswith("4")),
        server_errors=float(code.startswith("5")),
    )


def _grpc_failed(code: str, flags: str) -> bool:
    if not code.isdigit():
        return True
    number = int(code)
    if number == 0:
        return flags not in ("", "-")  # status OK, or HTTP's 0: nothing came back
    return number < GRPC_STATUSES or not 200 <= number < 300


class _Rule(NamedTuple):
    """Columns of Outcomes, and from how many percent on they degrade and fail."""

    failed: int
    total: int
    degraded: float
    failing: float


_HTTP, _GRPC = Outcomes._fields.index("http"), Outcomes._fields.index("grpc")
_FAILED = [Outcomes._fields.index(name) for name in ("server_errors", "no_response", "grpc_errors")]
_RULES = tuple(
    _Rule(Outcomes._fields.index(failed), total, degraded, failing)
    for failed, total, degraded, failing in (
        ("server_errors", _HTTP, 0, 10),
        ("client_errors", _HTTP, 10, 20),
        ("no_response", _HTTP, 0, 10),
        ("grpc_errors", _GRPC, 0, 10),
    )
)
_IDLE, _HEALTHY, _DEGRADED, _FAILING = range(4)


def traffic_health(outcomes: Outcomes) -> Health:
    """Idle without requests, else the worst verdict over the kinds of failure."""
    if not outcomes.http and not outcomes.grpc:
        return VERDICTS[_IDLE]
    if not any(outcomes[1:4]) and not outcomes.grpc_errors:
        return VERDICTS[_HEALTHY]
    rank = _HEALTHY
    for failed, total, degraded, failing in _RULES:
        share = 100 * outcomes[failed]
        if share > 0 and share >= degraded * outcomes[total]:
            rank = max(rank, _FAILING if share >= failing * outcomes[total] else _DEGRADED)
    return VERDICTS[rank]


def traffic_healths(outcomes: NDArray[np.float64]) -> list[Health]:
    """`traffic_health` of every row; a column for each field of Outcomes."""
    busy = (outcomes[:, _HTTP] > 0) | (outcomes[:, _GRPC] > 0)
    ranks = np.where(busy, _HEALTHY, _IDLE)
    for failed, total, degraded, failing in _RULES:
        share = 100 * outcomes[:, failed]
        bad = (share > 0) & (share >= degraded * outcomes[:, total])
        fails = bad & (share >= failing * outcomes[:, total])
        ranks = np.maximum(ranks, np.where(fails, _FAILING, np.where(bad, _DEGRADED, _IDLE)))
    return [VERDICTS[rank] for rank in ranks.tolist()]


def error_ratios(outcomes: NDArray[np.float64]) -> NDArray[np.float64]:
    """`Outcomes.error_ratio` of every row."""
    total = outcomes[:, [_HTTP, _GRPC]].sum(axis=1)
    failed = outcomes[:, _FAILED].sum(axis=1)
    ratios: NDArray[np.float64] = np.divide(
        failed, total, out=np.zeros(len(outcomes)), where=total > 0
    )
    return ratios


def replica_health(ready: int, desired: int) -> Health:
    """A workload scaled to zero is idle, not ill."""
    if desired <= 0:
        return Health.IDLE
    if ready <= 0:
        return Health.FAILING
    return Health.DEGRADED if ready < desired else Health.HEALTHY


def workload_health(traffic: Health, replicas: Health) -> Health:
    """A workload with all its pods and no traffic is idle; missing pods show at once."""
    return traffic if replicas is Health.HEALTHY else worst(traffic, replicas)


def worst(first: Health, *others: Health) -> Health:
    for one in others:
        if SEVERITY[one] > SEVERITY[first]:
            first = one
    return first
