"""Which hosts and gateways are known, in all the ways that they may be written."""

from routing.checks.cluster import GATEWAY, K8S_GATEWAY, Cluster, Object
from routing.checks.istio.virtual_service_hosts import behind


def is_known(cluster: Cluster, host: str, namespace: str) -> bool:
    """Whether a Service or ServiceEntry has the host, written in full or in short."""
    if behind(cluster, host, namespace) is not None:
        return True
    name, _, rest = host.partition(".")
    if rest.count(".") == 0 and rest:
        return f"{name}.{rest}.svc.cluster.local" in cluster.service_hosts
    return rest.endswith(".svc") and f"{host}.cluster.local" in cluster.service_hosts


def gateway_named(cluster: Cluster, name: str, namespace: str) -> Object | None:
    """A Gateway by `name`, `namespace/name` or the older `name.namespace.svc.cluster.local`."""
    where, _, bare = name.rpartition("/")
    if not where and "." in bare:
        bare, where = bare.split(".")[:2]
    where = namespace if where in ("", ".") else where
    return cluster.get(GATEWAY, where, bare) or cluster.get(K8S_GATEWAY, where, bare)
