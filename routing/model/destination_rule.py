"""DestinationRule: subsets of a host and how its clients behave."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from routing.ir import (
    ConsistentHash,
    LoadBalancer,
    OutlierDetection,
    RetryBudget,
    TcpKeepalive,
    Tunnel,
    Warmup,
)
from routing.model.metadata import Metadata
from topology.contracts import Labels


class TlsMode(StrEnum):
    DISABLE = "DISABLE"
    SIMPLE = "SIMPLE"
    MUTUAL = "MUTUAL"
    ISTIO_MUTUAL = "ISTIO_MUTUAL"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientTls:
    mode: TlsMode
    sni: str = ""
    sans: tuple[str, ...] = ()
    ca_file: str = ""
    certificate_file: str = ""
    key_file: str = ""
    crl_file: str = ""
    unverified: bool = False
    credential: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionPool:
    """Istio's `connectionPool`; None was not written."""

    max_connections: int | None = None
    connect_timeout_ms: int | None = None
    tcp_idle_timeout_ms: int | None = None
    max_pending_requests: int | None = None
    max_requests: int | None = None
    max_requests_per_connection: int | None = None
    max_retries: int | None = None
    http_idle_timeout_ms: int | None = None
    keepalive: TcpKeepalive | None = None
    max_connection_duration_ms: int | None = None
    max_concurrent_streams: int | None = None
    upgrade_to_http2: bool = False
    use_client_protocol: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Localities:
    """Istio's `localityLbSetting`: where clients of a place send to.

    `distribute` holds (from, ((to, percent), ...)) with places like "region/zone/*"; `failover`
    pairs of regions; `priority` labels that clients and endpoints share, most telling first.
    """

    enabled: bool = True
    distribute: tuple[tuple[str, tuple[tuple[str, int], ...]], ...] = ()
    failover: tuple[tuple[str, str], ...] = ()
    priority: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Balancing:
    """A `loadBalancer` is one thing: a narrower policy's replaces a wider one's as a whole."""

    simple: LoadBalancer | None = None
    consistent_hash: ConsistentHash | None = None
    warmup: Warmup | None = None
    localities: Localities | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficPolicy:
    """Each part is None where it was not written, so that another policy's can show through."""

    balancing: Balancing | None = None
    connection_pool: ConnectionPool | None = None
    outlier: OutlierDetection | None = None
    tls: ClientTls | None = None
    tunnel: Tunnel | None = None
    proxy_protocol: int | None = None
    retry_budget: RetryBudget | None = None
    ports: tuple[tuple[int, "TrafficPolicy"], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Subset:
    name: str
    labels: Labels = ()
    policy: TrafficPolicy = TrafficPolicy()


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationRule:
    """`host` is as written. `selector` limits the rule to clients with these labels."""

    metadata: Metadata
    host: str
    policy: TrafficPolicy = TrafficPolicy()
    subsets: tuple[Subset, ...] = ()
    selector: Labels = ()


def policies(rule: DestinationRule) -> Iterator[TrafficPolicy]:
    """Every policy that a rule holds, of subsets and ports too."""
    for policy in (rule.policy, *(subset.policy for subset in rule.subsets)):
        yield policy
        yield from (own for _, own in policy.ports)


def names_credential(rule: DestinationRule) -> bool:
    """Whether its TLS takes a certificate from a Secret, which not every client may have."""
    return any(policy.tls is not None and policy.tls.credential for policy in policies(rule))
