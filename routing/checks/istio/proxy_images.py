"""IST0158: pods whose sidecar is not the one that the injector would give them now."""

from collections.abc import Iterator, Mapping

from rest.contracts import Finding
from routing.checks.cluster import (
    NAMESPACE,
    PROXY_CONFIG,
    Body,
    Cluster,
    Object,
    PodLike,
    part,
    selects,
    text,
)
from routing.checks.istio.injection import PROXY, is_injected, wants_proxy
from routing.checks.istio.injector import injectors, proxy_image
from routing.checks.nested import parse_mapping
from routing.checks.rule import found, named


def proxy_images(cluster: Cluster) -> Iterator[Finding]:
    images = {revision: proxy_image(values) for revision, values in injectors(cluster)}
    stale: dict[str, list[str]] = {}
    namespaces = {n.name: n for n in cluster.of(NAMESPACE) if is_injected(n)}
    for pod in cluster.pods:
        namespace = namespaces.get(pod.namespace)
        if namespace is not None and is_stale(cluster, pod, expected(images, namespace)):
            stale.setdefault(namespace.name, []).append(pod.owner.name)
    for name, pods in stale.items():
        yield found("IST0158", namespaces[name], "", named(pods))


def expected(images: Mapping[str, str | None], namespace: Object) -> str | None:
    revision = namespace.labels.get("istio.io/rev", "default")
    if namespace.labels.get("istio-injection") == "enabled":
        revision = "default"
    return images.get(revision)


def is_stale(cluster: Cluster, pod: PodLike, image: str | None) -> bool:
    if image is None or not wants_proxy(pod) or "sidecar.istio.io/proxyImage" in pod.annotations:
        return False
    variant = image_type(cluster, pod)
    right = {image, f"{image}-{variant}"} if variant else {image}
    return any(c.get("name") == PROXY and c.get("image") not in right for c in pod.all_containers)


def image_type(cluster: Cluster, pod: PodLike) -> str:
    """Of the pod's annotation, the narrowest ProxyConfig, or the mesh: the first that says."""
    noted = parse_mapping(pod.annotations.get("proxy.istio.io/config", ""))
    configs = sorted(
        (
            c
            for c in cluster.within(PROXY_CONFIG, pod.namespace, cluster.root_namespace)
            if selects(part(c.spec, "selector"), pod.labels)
        ),
        key=lambda c: ("selector" not in c.spec, c.namespace == cluster.root_namespace),
    )
    given: list[Body] = [noted, *(c.spec for c in configs), part(cluster.mesh, "defaultConfig")]
    types = (text(part(one, "image"), "imageType") for one in given)
    return next((t for t in types if t), "").removeprefix("default")
