"""IST0175: the control plane fetches JWKS from wherever a RequestAuthentication says."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.cluster import (
    DEPLOYMENT,
    REQUEST_AUTHENTICATION,
    Cluster,
    Object,
    mappings,
    template_of,
    text,
)
from routing.checks.rule import found, named

SETTING = "BLOCKED_CIDRS_IN_JWKS_URIS"


def blocked_cidrs(cluster: Cluster) -> Iterator[Finding]:
    asking = [one.full for one in cluster.of(REQUEST_AUTHENTICATION)]
    for deployment in cluster.of(DEPLOYMENT):
        if asking and is_control_plane(deployment, cluster) and not is_restricted(deployment):
            words = (len(asking), named(asking))
            yield found("IST0175", deployment, "spec.template.spec.containers", *words)


def is_control_plane(deployment: Object, cluster: Cluster) -> bool:
    return deployment.namespace == cluster.root_namespace and (
        deployment.labels.get("app") == "istiod" or deployment.name.startswith("istiod")
    )


def is_restricted(deployment: Object) -> bool:
    return any(
        text(variable, "name") == SETTING and (variable.get("value") or "valueFrom" in variable)
        for container in template_of(deployment).containers
        for _, variable in mappings(container, "env")
    )
