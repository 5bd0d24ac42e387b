"""KIA0104: the hosts that an AuthorizationPolicy names exist."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.cluster import AUTHORIZATION_POLICY, Cluster, wild_match
from routing.checks.kiali.hosts import is_known
from routing.checks.kiali.sources import operation_texts
from routing.checks.rule import found


def authorization_hosts(cluster: Cluster) -> Iterator[Finding]:
    for policy in cluster.of(AUTHORIZATION_POLICY):
        for path, written in operation_texts(policy, "hosts", "notHosts"):
            host = written.partition(":")[0]
            if not is_known(cluster, host, policy.namespace) and not any_under(cluster, host):
                yield found("KIA0104", policy, path, written)


def any_under(cluster: Cluster, host: str) -> bool:
    """Whether a wildcard covers a host that is known; a star alone covers all."""
    if host == "*" or host.endswith("*"):
        return True
    known = (*cluster.service_hosts, *cluster.entry_hosts) if host.startswith("*") else ()
    return any(wild_match(host, one) for one in known)
