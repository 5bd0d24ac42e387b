"""Every circuit breaker of the mesh now: counts and ejections from the broker, under the policies."""

import json
import logging
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import redis
from django.conf import settings

from proxy.breakers.state import Breaker, Circuit, Ejecting, Limit, State, breaker, circuit
from routing import facade as routing
from routing.facade import BreakerPolicy
from telemetry.contracts import BREAKER_SECONDS, BREAKERS_HASH, EJECTIONS_HASH
from telemetry.ingest.breakers import LIMITS
from topology import facade as topology
from topology.contracts import EdgeBreaker, Marks, Pod, Registry

log = logging.getLogger(__name__)
PATIENCE_SECONDS = 1.0

Counts = Mapping[str, float]
Histories = Mapping[tuple[str, str], list[tuple[str, list[tuple[float, bool]]]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One breaker: of one proxy, for one port and subset of one host.

    `pods` names the endpoints' pods by address; `counts` are Envoy's, by name.
    """

    pod: Pod
    host: str
    namespace: str
    service: str
    port: int
    subset: str
    breaker: Breaker
    policy: BreakerPolicy
    limits: tuple[Limit, ...]
    counts: Counts
    pods: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Told:
    """What the broker holds: by (namespace, pod) counts by cluster, by (uid, cluster) histories."""

    counts: Mapping[tuple[str, str], Mapping[str, Counts]]
    histories: Histories


def breakers(namespace: str = "", service: str = "") -> tuple[Standing, ...]:
    """Sorted by service, then source. Raises BrokerAway."""
    running = topology.registry()
    told = read(time.time())
    found = standings(told, running, routing.breaker_policies(), time.time())
    return tuple(
        one
        for one in found
        if namespace in ("", one.namespace) and service in ("", one.service, one.host)
    )


class BrokerAway(Exception):  # noqa: N818  an answer
    """Nothing is known now."""


def read(now: float) -> Told:
    try:
        counts = _all(BREAKERS_HASH)
        ejections = _all(EJECTIONS_HASH)
    except (redis.RedisError, OSError) as error:
        raise BrokerAway(str(error)) from error
    fresh = [one for one in counts if now - one["at"] <= BREAKER_SECONDS]
    histories: dict[tuple[str, str], list[tuple[str, list[tuple[float, bool]]]]] = {}
    for node in ejections:
        if now - node["at"] > BREAKER_SECONDS:
            continue
        for one in node["endpoints"]:
            turns = [(at, ejected) for at, ejected in one["turns"]]
            histories.setdefault((one["uid"], one["cluster"]), []).append((one["endpoint"], turns))
    return Told({(one["namespace"], one["pod"]): one["clusters"] for one in fresh}, histories)


def standings(
    told: Told, running: Registry, policies: routing.Policies, now: float
) -> tuple[Standing, ...]:
    """Pods that are gone are forgotten with their breakers."""
    addresses = {pod.address: pod.name for pod in running.pods}
    services = {service.host: service for service in running.services}
    found: list[Standing] = []
    for pod in running.pods:
        counted = told.counts.get((pod.namespace, pod.name), {})
        ejecting = {cluster for uid, cluster in told.histories if uid == pod.uid}
        for cluster in sorted({*counted, *ejecting}):
            words = cluster.split("|", 3)
            if len(words) != 4 or words[0] != "outbound" or not words[1].isdigit():
                continue
            host, port, subset = words[3], int(words[1]), words[2]
            known = services.get(host)
            home = known.namespace if known else ""
            policy = policies(pod.namespace, host, home, subset, port)
            counts = counted.get(cluster, {})
            circuits = list(_circuits(told.histories.get((pod.uid, cluster), ()), policy, now))
            found.append(
                Standing(
                    pod=pod,
                    host=host,
                    namespace=home,
                    service=known.name if known else host,
                    port=port,
                    subset=subset,
                    breaker=breaker(circuits, counts, now, counted=cluster in counted),
                    policy=policy,
                    limits=_limits(counts, policy),
                    counts=counts,
                    pods=addresses,
                )
            )
    return tuple(
        sorted(
            found,
            key=lambda s: (s.namespace, s.service, s.port, s.subset, s.pod.namespace, s.pod.name),
        )
    )


def _circuits(
    histories: Iterable[tuple[str, list[tuple[float, bool]]]], policy: BreakerPolicy, now: float
) -> Iterable[Circuit]:
    if policy.outlier is None:
        return
    ejecting = Ejecting(
        interval_ms=policy.outlier.interval_ms, base_ms=policy.outlier.base_ejection_ms
    )
    for endpoint, turns in histories:
        one = circuit(endpoint, turns, ejecting, now)
        if one is not None:
            yield one


def _limits(counts: Counts, policy: BreakerPolicy) -> tuple[Limit, ...]:
    most = {
        "connections": policy.limits.max_connections,
        "pending": policy.limits.max_pending_requests,
        "requests": policy.limits.max_requests,
        "retries": policy.limits.max_retries,
    }
    return tuple(
        Limit(
            name=name,
            most=most[name],
            reached=bool(counts.get(gauge.replace(".", "_"))),
            turned_away=int(counts.get(counter.replace(".", "_"), 0)) if counter else 0,
        )
        for name, (gauge, counter) in LIMITS.items()
        if most[name] is not None
    )


def marks(running: Registry) -> Marks:
    """Breakers that are not closed, at the service and on the way to it; what is suspended."""
    found: dict[str, set[str]] = {}
    try:
        all_of = standings(read(time.time()), running, routing.breaker_policies(), time.time())
    except BrokerAway:
        all_of = ()
    broken = [one for one in all_of if one.breaker.state is not State.CLOSED and one.namespace]
    for one in broken:
        found.setdefault(_node_of(one), set()).add(f"breaker-{one.breaker.state}")
    for out in routing.suspended():
        found.setdefault(f"{out.what}:{out.namespace}/{out.name}", set()).add("suspended")
    return Marks(
        badges={node: tuple(sorted(badges)) for node, badges in found.items()},
        breakers=on_edges(broken),
    )


def on_edges(broken: Iterable[Standing]) -> dict[tuple[str, str], EdgeBreaker]:
    """By the graph's ids of caller and service: one for all its pods, ports and subsets."""
    groups: dict[tuple[str, str], list[Standing]] = {}
    for one in broken:
        kind = "gateway" if one.pod.gateway else "workload"
        caller = f"{kind}:{one.pod.namespace}/{one.pod.workload}"
        groups.setdefault((caller, _node_of(one)), []).append(one)
    return {ends: _joined(every) for ends, every in groups.items()}


def _node_of(one: Standing) -> str:
    return f"service:{one.namespace}/{one.service}"


def _joined(every: list[Standing]) -> EdgeBreaker:
    breakers = [one.breaker for one in every]
    is_open = any(breaker.state is State.OPEN for breaker in breakers)
    ejected = {
        one.pods.get(each.endpoint.rpartition(":")[0]) or each.endpoint
        for one in every
        for each in one.breaker.endpoints
        if each.state is State.OPEN
    }
    return EdgeBreaker(
        state=(State.OPEN if is_open else State.HALF_OPEN).value,
        since=min((b.since for b in breakers if b.since is not None), default=None),
        until=min((b.until for b in breakers if b.until is not None), default=None),
        refusing=any(breaker.refusing for breaker in breakers),
        ejected=tuple(sorted(ejected)),
    )


def _all(key: str) -> list[dict[str, Any]]:
    held: list[Any] = list(_broker().hvals(key))
    return [json.loads(one) for one in held]


@cache
def _broker() -> "redis.Redis":
    return redis.Redis.from_url(
        settings.BROKER_URL,
        socket_timeout=PATIENCE_SECONDS,
        socket_connect_timeout=PATIENCE_SECONDS,
    )
