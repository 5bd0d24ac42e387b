"""How well something does, judged from its traffic and its replicas by Kiali's default rules.

Source: Kiali's `health_config` defaults. Ratios are percent of the requests of that protocol:
HTTP 5xx and "no response" degrade above 0 and fail from 10, HTTP 4xx degrade from 10 and fail
from 20, gRPC statuses other than OK degrade above 0 and fail from 10. Fewer ready pods than
desired degrade, none ready fail. The worst verdict wins.
"""

from typing import NamedTuple

from topology.contracts import Health

SEVERITY: dict[Health, int] = {health: rank for rank, health in enumerate(Health)}
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
        if not self.requests:
            return 0.0
        return (self.server_errors + self.no_response + self.grpc_errors) / self.requests


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


def traffic_health(outcomes: Outcomes) -> Health:
    """Idle without requests, else the worst verdict over the kinds of failure."""
    http, grpc = outcomes.http, outcomes.grpc
    if not http and not grpc:
        return Health.IDLE
    if not any(outcomes[1:4]) and not outcomes.grpc_errors:
        return Health.HEALTHY
    return worst(
        _verdict(outcomes.server_errors, http, degraded=0, failing=10),
        _verdict(outcomes.client_errors, http, degraded=10, failing=20),
        _verdict(outcomes.no_response, http, degraded=0, failing=10),
        _verdict(outcomes.grpc_errors, grpc, degraded=0, failing=10),
    )


def _verdict(failed: float, total: float, *, degraded: float, failing: float) -> Health:
    if failed <= 0:
        return Health.HEALTHY
    if 100 * failed >= failing * total:
        return Health.FAILING
    return Health.DEGRADED if 100 * failed >= degraded * total else Health.HEALTHY


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


def worst(*verdicts: Health) -> Health:
    return max(verdicts, key=SEVERITY.__getitem__)
