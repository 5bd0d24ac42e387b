"""Circuit breakers as metrics of the web process."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector, CollectorRegistry

from proxy.breakers.selectors import BrokerAway, breakers
from proxy.breakers.state import State

LEVELS = {State.CLOSED: 0, State.HALF_OPEN: 1, State.OPEN: 2}
LABELS = (
    "source_workload_namespace",
    "source_workload",
    "pod",
    "destination_service_namespace",
    "destination_service",
    "port",
    "subset",
)


class Breakers(Collector):
    """Asked for at each scrape; says nothing while the broker is away."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        state = GaugeMetricFamily(
            "meshweb_circuit_breaker_state", "0 closed, 1 half-open, 2 open", labels=LABELS
        )
        out = GaugeMetricFamily(
            "meshweb_circuit_breaker_open_endpoints",
            "Endpoints that are ejected now",
            labels=LABELS,
        )
        try:
            found = breakers()
        except BrokerAway:
            found = ()
        for one in found:
            pod = one.pod
            labels = (
                *(pod.namespace, pod.workload, pod.name),
                *(one.namespace, one.host, str(one.port), one.subset),
            )
            state.add_metric(labels, LEVELS[one.breaker.state])
            ejected = sum(each.state is State.OPEN for each in one.breaker.endpoints)
            out.add_metric(labels, ejected)
        yield state
        yield out


def registry() -> CollectorRegistry:
    made = CollectorRegistry(auto_describe=False)
    made.register(Breakers())
    return made
