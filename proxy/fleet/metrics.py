"""What control counts of itself, under the names that Istio's control-plane dashboard reads.

Only what something feeds is here. Methods are called on the event loop or on the planning thread;
counting is safe on both.
"""

import time
from collections import Counter as Counts
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from proxy.ads.server import Events
from proxy.ads.session import Rejected
from proxy.fleet.planner import Plan, Sources
from proxy.xds.messages import SHORT_NAMES
from proxy.xds.remember import Recognised
from proxy.xds.snapshot import ProxySnapshot
from routing.contracts import Document, PublishedConfig
from routing.ir import ClusterEndpoints
from telemetry.own.start import own_version
from topology.contracts import Registry

CONVERGENCE_SECONDS = (0.1, 0.5, 1, 3, 5, 10, 20, 30)
PUSH_SECONDS = (0.01, 0.1, 1, 3, 5, 10, 20, 30)
QUEUE_SECONDS = (0.1, 0.5, 1, 3, 5, 10, 20, 30)
SIZES = (1, 10_000, 1_000_000, 4_000_000, 10_000_000, 40_000_000)
"""The bounds of Istio's histograms."""

MESH = "mesh"
_MOST_DOCUMENTS = 20_000

K = TypeVar("K")


class Meter:
    """The numbers of one control process."""

    def __init__(self, root_expires_at: Callable[[], float]) -> None:
        own = self._registry = CollectorRegistry()
        self._process = CollectorRegistry()
        ProcessCollector(registry=self._process)
        self._here: set[str] = set()
        self._since: dict[str, float] = {}
        self._queued: dict[str, float] = {}
        self._refusing: dict[str, set[str]] = {name: set() for name in SHORT_NAMES.values()}
        self._triggers: set[str] = set()
        self._documents: tuple[Document, ...] = ()
        self._known_registry: dict[str, dict[object, object]] = {}
        self._hosts: Recognised[tuple[str, ...]] = Recognised(_MOST_DOCUMENTS)
        self._subsets: Recognised[tuple[tuple[str, str], ...]] = Recognised(_MOST_DOCUMENTS)
        self._endpoints: dict[int, tuple[ClusterEndpoints, ...]] = {}

        build = {"component": "pilot", "tag": own_version()}
        Gauge("istio_build", "Meshweb's version.", list(build), registry=own).labels(**build).set(1)
        told = {"version": own_version()}
        Gauge("pilot_info", "Control's version.", list(told), registry=own).labels(**told).set(1)
        self.connected = Gauge("pilot_xds", "Connected proxies.", registry=own)
        self.pushes = Counter("pilot_xds_pushes", "Responses sent.", ["type"], registry=own)
        self.push_time = Histogram(
            "pilot_xds_push_time",
            "Seconds from the decision to send a response until it was written.",
            ["type"],
            buckets=PUSH_SECONDS,
            registry=own,
        )
        self.size = Histogram(
            "pilot_xds_config_size_bytes",
            "Sizes of the responses sent.",
            ["type"],
            buckets=SIZES,
            registry=own,
        )
        self.queue_time = Histogram(
            "pilot_proxy_queue_time",
            "Seconds that a change waited for its proxy's stream.",
            buckets=QUEUE_SECONDS,
            registry=own,
        )
        self.convergence = Histogram(
            "pilot_proxy_convergence_time",
            "Seconds from a change to a proxy's acknowledgement of all of it.",
            buckets=CONVERGENCE_SECONDS,
            registry=own,
        )
        self.rejects = Counter(
            "pilot_total_xds_rejects", "Responses that proxies refused.", ["type"], registry=own
        )
        self.refusing = {
            name: Gauge(
                f"pilot_xds_{name.lower()}_reject",
                f"Proxies that refuse their {name} now.",
                registry=own,
            )
            for name in self._refusing
        }
        self.internal_errors = Counter(
            "pilot_total_xds_internal_errors",
            "Streams ended because of what a proxy sent, or because it does not read.",
            registry=own,
        )
        self.services = Gauge("pilot_services", "Services known.", registry=own)
        self.virtual_services = Gauge(
            "pilot_virt_services", "VirtualServices in force.", registry=own
        )
        self.duplicate_domains = Gauge(
            "pilot_vservice_dup_domain",
            "Hosts that more than one VirtualService of the mesh claims.",
            registry=own,
        )
        self.duplicate_subsets = Gauge(
            "pilot_destrule_subsets",
            "Subsets that DestinationRules name twice for a host.",
            registry=own,
        )
        self.no_instances = Gauge(
            "pilot_eds_no_instances", "Clusters without an endpoint.", registry=own
        )
        self.config_events = Counter(
            "pilot_k8s_cfg_events", "Changed resources.", ["type", "event"], registry=own
        )
        self.registry_events = Counter(
            "pilot_k8s_reg_events", "Changes of what runs.", ["type", "event"], registry=own
        )
        self.inbound_updates = Counter(
            "pilot_inbound_updates", "Updates taken in: config, svc, eds.", ["type"], registry=own
        )
        self.triggers = Counter(
            "pilot_push_triggers", "What made control push.", ["type"], registry=own
        )
        self.requests = Counter("citadel_server_csr_count", "Certificates asked for.", registry=own)
        self.issued = Counter(
            "citadel_server_success_cert_issuance_count", "Certificates signed.", registry=own
        )
        self.unauthenticated = Counter(
            "citadel_server_authentication_failure_count",
            "Requests for certificates that were refused.",
            registry=own,
        )
        Gauge(
            "citadel_server_root_cert_expiry_timestamp",
            "Unix seconds when the signing root expires.",
            registry=own,
        ).set_function(root_expires_at)

    def collectors(self) -> tuple[Collector, ...]:
        """For exposition and export, named as Istio names them."""
        return (Unsuffixed(self._registry), self._process)

    def sources(self, given: Sources) -> Sources:
        """The same sources; what they tell is counted."""

        def published(after: int | None) -> PublishedConfig | None:
            found = given.published(after)
            if found is not None:
                self._heard_config(found)
            return found

        def registry() -> Registry:
            found = given.registry()
            self._heard_registry(found)
            return found

        return replace(given, published=published, registry=registry)

    def planned(self, plan: Plan, *, new_revision: bool) -> None:
        """A plan goes to its proxies. Of a new revision time runs from its acceptance."""
        now = time.time()
        since = min(plan.accepted_at, now) if new_revision else now
        for proxy_id in self._here.intersection(plan.changed):
            self._since.setdefault(proxy_id, since)
            self._queued.setdefault(proxy_id, now)
        for proxy_id in plan.removed:
            self._forget(proxy_id)
        triggers, self._triggers = self._triggers, set()
        if plan.changed:
            for trigger in triggers or {"global"}:
                self.triggers.labels(trigger).inc()
        lists = {id(one.config.endpoints): one.config.endpoints for one in plan.snapshots.values()}
        if lists.keys() != self._endpoints.keys():
            self._endpoints = lists
            self.no_instances.set(_without_endpoints(lists.values()))

    def certificate_asked(self) -> None:
        self.requests.inc()

    def certificate_answered(self, *, signed: bool) -> None:
        (self.issued if signed else self.unauthenticated).inc()

    def joined(self, proxy_id: str) -> None:
        """A proxy has opened its first stream: it is pushed all of its configuration."""
        self._here.add(proxy_id)
        self.connected.set(len(self._here))
        self.triggers.labels("proxyrequest").inc()

    def left(self, proxy_id: str) -> None:
        """What changes while it is away is no change that waits for it."""
        self._here.discard(proxy_id)
        self.connected.set(len(self._here))
        self._forget(proxy_id)

    def sent(self, proxy_id: str, type_url: str) -> None:
        self.pushes.labels(_type(type_url)).inc()
        queued = self._queued.pop(proxy_id, None)
        if queued is not None:
            self.queue_time.observe(max(0.0, time.time() - queued))

    def written(self, type_url: str, size: int, seconds: float) -> None:
        self.size.labels(_type(type_url)).observe(size)
        self.push_time.labels(_type(type_url)).observe(seconds)

    def acknowledged(self, proxy_id: str, type_url: str, *, wholly: bool) -> None:
        if wholly:
            self._refuses(proxy_id, SHORT_NAMES.get(type_url, ""), refuses=False)

    def settled(self, proxy_id: str) -> None:
        since = self._since.pop(proxy_id, None)
        self._queued.pop(proxy_id, None)
        if since is not None:
            self.convergence.observe(max(0.0, time.time() - since))
        for name in self._refusing:
            self._refuses(proxy_id, name, refuses=False)

    def rejected(self, proxy_id: str, type_url: str) -> None:
        self.rejects.labels(_type(type_url)).inc()
        self._refuses(proxy_id, SHORT_NAMES.get(type_url, ""), refuses=True)

    def _refuses(self, proxy_id: str, name: str, *, refuses: bool) -> None:
        known = self._refusing.get(name)
        if known is None or (proxy_id in known) is refuses:
            return
        (known.add if refuses else known.discard)(proxy_id)
        self.refusing[name].set(len(known))

    def _forget(self, proxy_id: str) -> None:
        self._since.pop(proxy_id, None)
        self._queued.pop(proxy_id, None)
        for name in self._refusing:
            self._refuses(proxy_id, name, refuses=False)

    def _heard_config(self, found: PublishedConfig) -> None:
        self.inbound_updates.labels("config").inc()
        self._triggers.add("config")
        old, new = ({id(one): one for one in of} for of in (self._documents, found.documents))
        left = {one.key: one for identity, one in old.items() if identity not in new}
        come = {one.key: one for identity, one in new.items() if identity not in old}
        for key, event in _events(left, come):
            self.config_events.labels(key.kind, event).inc()
        self._documents = found.documents
        services = [one for one in found.documents if one.key.kind == "VirtualService"]
        self.virtual_services.set(len(services))
        hosts = (self._hosts(one, _mesh_hosts) for one in services)
        self.duplicate_domains.set(_twice(chain.from_iterable(hosts)))
        rules = (one for one in found.documents if one.key.kind == "DestinationRule")
        subsets = (self._subsets(one, _subsets) for one in rules)
        self.duplicate_subsets.set(_twice(chain.from_iterable(subsets)))

    def _heard_registry(self, found: Registry) -> None:
        self.services.set(len(found.services))
        fresh: dict[str, dict[object, object]] = {
            "Services": {(one.namespace, one.name): one for one in found.services},
            "Pods": {one.uid: one for one in found.pods},
            "Workloads": {(one.namespace, one.name): one for one in found.workloads},
        }
        for kind, update, trigger in (
            ("Services", "svc", "service"),
            ("Pods", "eds", "endpoint"),
            ("Workloads", "", "endpoint"),
        ):
            events = list(_events(self._known_registry.get(kind, {}), fresh[kind]))
            for _, event in events:
                self.registry_events.labels(kind, event).inc()
            if events and update:
                self.inbound_updates.labels(update).inc(len(events))
            if events:
                self._triggers.add(trigger)
        self._known_registry = fresh


@dataclass(frozen=True, slots=True)
class Metered:
    """What happens to proxies, counted and passed on."""

    meter: Meter
    to: Events

    def connected(self, proxy_id: str, certificate_expires_at: float | None) -> None:
        self.meter.joined(proxy_id)
        self.to.connected(proxy_id, certificate_expires_at)

    def disconnected(self, proxy_id: str) -> None:
        self.meter.left(proxy_id)
        self.to.disconnected(proxy_id)

    def sent(self, proxy_id: str, type_url: str) -> None:
        self.meter.sent(proxy_id, type_url)
        self.to.sent(proxy_id, type_url)

    def written(self, proxy_id: str, type_url: str, size: int, seconds: float) -> None:
        del proxy_id
        self.meter.written(type_url, size, seconds)

    def faulty(self, proxy_id: str) -> None:
        del proxy_id
        self.meter.internal_errors.inc()

    def acknowledged(self, proxy_id: str, type_url: str, snapshot: ProxySnapshot | None) -> None:
        self.meter.acknowledged(proxy_id, type_url, wholly=snapshot is not None)
        self.to.acknowledged(proxy_id, type_url, snapshot)

    def settled(self, snapshot: ProxySnapshot) -> None:
        self.meter.settled(snapshot.proxy_id)
        self.to.settled(snapshot)

    def rejected(self, proxy_id: str, refusal: Rejected) -> None:
        self.meter.rejected(proxy_id, refusal.type_url)
        self.to.rejected(proxy_id, refusal)


class Unsuffixed(Collector):
    """Counters without "_total", as Istio's dashboards read them."""

    def __init__(self, given: CollectorRegistry) -> None:
        self._given = given

    def collect(self) -> Iterator[Metric]:
        for metric in self._given.collect():
            if metric.type == "counter":
                yield _unsuffixed(metric)
            else:
                metric.samples = [s for s in metric.samples if not s.name.endswith("_created")]
                yield metric


def _unsuffixed(metric: Metric) -> Metric:
    made = Metric(metric.name, metric.documentation, "unknown")
    for sample in metric.samples:
        if sample.name.endswith("_total"):
            made.add_sample(metric.name, sample.labels, sample.value)
    return made


def _type(type_url: str) -> str:
    return SHORT_NAMES.get(type_url, type_url).lower()


def _events(before: Mapping[K, object], after: Mapping[K, object]) -> Iterator[tuple[K, str]]:
    for key, one in after.items():
        if key not in before:
            yield key, "add"
        elif before[key] is not one and before[key] != one:
            yield key, "update"
    for key in before:
        if key not in after:
            yield key, "delete"


def _twice(things: Iterable[object]) -> int:
    return sum(count > 1 for count in Counts(things).values())


def _mesh_hosts(service: Document) -> tuple[str, ...]:
    """Full hosts of a VirtualService that holds inside the mesh."""
    if MESH not in (service.spec.get("gateways") or [MESH]):
        return ()
    hosts = (_full(str(host), service.key.namespace) for host in service.spec.get("hosts") or ())
    return tuple(dict.fromkeys(hosts))


def _subsets(rule: Document) -> tuple[tuple[str, str], ...]:
    host = _full(str(rule.spec.get("host", "")), rule.key.namespace)
    return tuple((host, str(one.get("name", ""))) for one in rule.spec.get("subsets") or ())


def _full(host: str, namespace: str) -> str:
    return host if "." in host or host == "*" else f"{host}.{namespace}.svc.cluster.local"


def _without_endpoints(lists: Iterable[tuple[ClusterEndpoints, ...]]) -> int:
    """Clusters of the fleet that nobody stands behind. Proxies share most of theirs."""
    every = {id(one): one for endpoints in lists for one in endpoints}
    return len({one.cluster for one in every.values() if not one.endpoints})
