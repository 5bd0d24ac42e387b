"""IST0146, IST0147: `image: auto` where no injector puts a real image in its place."""

from collections.abc import Iterator, Mapping

from rest.contracts import Finding
from routing.checks.cluster import (
    DEPLOYMENT,
    NAMESPACE,
    Body,
    Cluster,
    PodLike,
    mappings,
    part,
    pod_of,
    selects,
    template_of,
    text,
)
from routing.checks.istio.injection import PROXY
from routing.checks.rule import found

MUTATING = ("admissionregistration.k8s.io", "MutatingWebhookConfiguration")


def image_auto(cluster: Cluster) -> Iterator[Finding]:
    webhooks = tuple(injection_webhooks(cluster))
    labels = {n.name: n.labels for n in cluster.of(NAMESPACE)}
    given = [("IST0146", template_of(d)) for d in cluster.of(DEPLOYMENT)]
    given += [("IST0147", pod_of(p.owner)) for p in cluster.pods]
    for code, pod in given:
        around = labels.get(pod.namespace, {})
        if is_auto(pod) and not any(takes(w, around, pod.labels) for w in webhooks):
            yield found(code, pod.owner, "", pod.owner.kind, pod.owner.name)


def is_auto(pod: PodLike) -> bool:
    return any(c.get("name") == PROXY and c.get("image") == "auto" for c in pod.all_containers)


def injection_webhooks(cluster: Cluster) -> Iterator[Body]:
    for configuration in cluster.of(MUTATING):
        for _, webhook in mappings(configuration.body, "webhooks"):
            if text(webhook, "name").endswith("sidecar-injector.istio.io"):
                yield webhook


def takes(webhook: Body, around: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Whether a webhook is asked about a pod; a selector that is not there takes all."""
    return selects(part(webhook, "namespaceSelector"), around) and selects(
        part(webhook, "objectSelector"), labels
    )
