"""Envoy's own counts of limits and ejections: which are kept, and what they are called in the store.

Proxies send them only for clusters that have limits or ejection (proxy.agent.bootstrap); names are
those that Istio's users know.
"""

from collections.abc import Mapping

LIMITS: Mapping[str, tuple[str, str]] = {
    "connections": ("circuit_breakers.default.cx_open", "upstream_cx_overflow"),
    "pending": ("circuit_breakers.default.rq_pending_open", "upstream_rq_pending_overflow"),
    "requests": ("circuit_breakers.default.rq_open", ""),
    "retries": ("circuit_breakers.default.rq_retry_open", "upstream_rq_retry_overflow"),
}
"""By limit: the gauge that is 1 while it is reached, and the counter of what was turned away. Envoy
counts what the limit of requests turns away as pending overflow, too."""

STATS = (
    *(stat for pair in LIMITS.values() for stat in pair if stat),
    "membership_healthy",
    "membership_total",
    "outlier_detection.ejections_active",
    "outlier_detection.ejections_enforced_total",
    "outlier_detection.ejections_overflow",
)
"""Without "cluster." before them."""

STORED: Mapping[str, str] = {
    f"cluster.{stat}": f"envoy_cluster_{stat.replace('.', '_')}" for stat in STATS
}
SHORT: Mapping[str, str] = {
    stored: stored.removeprefix("envoy_cluster_") for stored in STORED.values()
}
"""From a stored name to the name without Envoy's prefix."""
