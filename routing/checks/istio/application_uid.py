"""IST0144: user 1337 is the sidecar's own."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.cluster import DEPLOYMENT, Cluster, PodLike, part, template_of
from routing.checks.istio.injection import PROXY
from routing.checks.rule import found

PROXY_USER = 1337
PROXY_CONTAINERS = (PROXY, "istio-init", "istio-validation", "enable-core-dump")


def application_uid(cluster: Cluster) -> Iterator[Finding]:
    for pod in (*cluster.pods, *(template_of(d) for d in cluster.of(DEPLOYMENT))):
        if runs_as_proxy(pod):
            yield found("IST0144", pod.owner, "spec")


def runs_as_proxy(pod: PodLike) -> bool:
    """Sidecars may be the proxy's user; whole pods may when they are all proxy (gateways)."""
    others = [c for c in pod.containers if c.get("name") not in PROXY_CONTAINERS]
    if pod.containers and not others:
        return False
    whole = part(pod.spec, "securityContext").get("runAsUser") == PROXY_USER
    return whole or any(part(c, "securityContext").get("runAsUser") == PROXY_USER for c in others)
