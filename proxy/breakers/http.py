"""REST over circuit breakers."""

from django.http import HttpRequest
from ninja import Query, Router, Schema

from proxy.breakers import selectors
from proxy.breakers.selectors import BrokerAway, Standing
from proxy.breakers.state import Circuit, Limit, State
from rest.contracts import Refusal
from rest.names import QueryName
from rest.paging import Page, PageQuery, page_of
from rest.shapes import ERRORS

router = Router(tags=["breakers"])


class SourceOut(Schema):
    namespace: str
    workload: str
    pod: str


class EndpointOut(Schema):
    """Times are Unix seconds; `pod` is empty for an address outside the mesh."""

    address: str
    pod: str
    state: State
    since: float
    until: float
    ejections: int


class LimitOut(Schema):
    """`name` is connections, pending, requests or retries; `turned_away` counts since the proxy's start."""

    name: str
    most: int
    reached: bool
    turned_away: int


class EjectionOut(Schema):
    """Milliseconds, percent; null where that kind of failure does not eject."""

    consecutive_5xx: int | None
    consecutive_gateway: int | None
    interval_ms: int
    base_ejection_ms: int
    max_ejection_percent: int


class BreakerOut(Schema):
    """One proxy's breaker for one port and subset. `refusing`: nothing gets through now. `called`: the
    proxy has sent requests there."""

    source: SourceOut
    namespace: str
    service: str
    host: str
    port: int
    subset: str
    state: State
    refusing: bool
    called: bool
    since: float | None
    until: float | None
    endpoints: list[EndpointOut]
    healthy: int | None
    total: int | None
    limits: list[LimitOut]
    ejection: EjectionOut | None
    policy: str
    counters: dict[str, float]


@router.get(
    "/breakers", response={200: Page[BreakerOut], **ERRORS}, summary="List circuit breakers"
)
def breakers(
    request: HttpRequest,  # noqa: ARG001
    query: Query[PageQuery],
    namespace: QueryName,
    service: QueryName,
) -> Page[BreakerOut]:
    """Of destinations with limits or ejection; by the destination's namespace and service."""
    try:
        found = selectors.breakers(namespace, service)
    except BrokerAway as error:
        raise Refusal(503, "broker_away", "Nothing is known of breakers now.") from error
    return page_of(map(_shown, found), query, _name)


def _name(one: BreakerOut) -> str:
    where = f"{one.namespace}/{one.service}/{one.port:05}/{one.subset}"
    return f"{where}/{one.source.namespace}/{one.source.pod}"


def _shown(one: Standing) -> BreakerOut:
    outlier = one.policy.outlier
    return BreakerOut(
        source=SourceOut(namespace=one.pod.namespace, workload=one.pod.workload, pod=one.pod.name),
        namespace=one.namespace,
        service=one.service,
        host=one.host,
        port=one.port,
        subset=one.subset,
        state=one.breaker.state,
        refusing=one.breaker.refusing,
        # Envoy begins to tell a limit's gauge with the first request
        called=any(name.startswith("circuit_breakers") for name in one.counts),
        since=one.breaker.since,
        until=one.breaker.until,
        endpoints=[_endpoint(each, one) for each in one.breaker.endpoints],
        healthy=one.breaker.healthy,
        total=one.breaker.total,
        limits=[_limit(each) for each in one.limits],
        ejection=None
        if outlier is None
        else EjectionOut(
            consecutive_5xx=outlier.consecutive_5xx,
            consecutive_gateway=outlier.consecutive_gateway,
            interval_ms=outlier.interval_ms,
            base_ejection_ms=outlier.base_ejection_ms,
            max_ejection_percent=outlier.max_ejection_percent,
        ),
        policy=one.policy.source,
        counters=dict(one.counts),
    )


def _endpoint(given: Circuit, standing: Standing) -> EndpointOut:
    return EndpointOut(
        address=given.endpoint,
        pod=standing.pods.get(given.endpoint.rpartition(":")[0], ""),
        state=given.state,
        since=given.since,
        until=given.until,
        ejections=given.ejections,
    )


def _limit(given: Limit) -> LimitOut:
    return LimitOut(
        name=given.name,
        most=given.most or 0,
        reached=given.reached,
        turned_away=given.turned_away,
    )
