"""IST0139: injection webhooks that overlap, or that call a service which does not exist."""

from collections.abc import Iterator
from itertools import combinations

from rest.contracts import Finding
from routing.checks.cluster import (
    SERVICE,
    Body,
    Cluster,
    Object,
    mappings,
    part,
    string_map,
    text,
    texts,
)
from routing.checks.istio.external_control_plane import VALIDATING
from routing.checks.istio.image_auto import MUTATING
from routing.checks.rule import found


def webhooks(cluster: Cluster) -> Iterator[Finding]:
    injecting = [
        (configuration, i, webhook)
        for configuration in cluster.of(MUTATING)
        for i, webhook in mappings(configuration.body, "webhooks")
        if text(webhook, "name").endswith("sidecar-injector.istio.io")
    ]
    for configuration, i, webhook in injecting:
        for other, _, its in injecting:
            if its is not webhook and overlap(webhook, its):
                message = f"the webhook overlaps with that of {other.name}"
                yield found("IST0139", configuration, f"webhooks[{i}]", message)
                break
    for configuration in cluster.of(MUTATING, VALIDATING):
        for i, webhook in mappings(configuration.body, "webhooks"):
            if text(webhook, "name").endswith("istio.io"):
                yield from check_service(cluster, configuration, f"webhooks[{i}]", webhook)


def check_service(
    cluster: Cluster, configuration: Object, path: str, webhook: Body
) -> Iterator[Finding]:
    service = part(webhook, "clientConfig", "service")
    if not service:
        return
    namespace, name = text(service, "namespace"), text(service, "name")
    if cluster.get(SERVICE, namespace, name) is None:
        message = f"it calls the service {name}.{namespace}, which does not exist"
        yield found("IST0139", configuration, f"{path}.clientConfig.service", message)


def overlap(one: Body, other: Body) -> bool:
    """Whether a pod can be selected by both: no requirement of one excludes the other's."""
    return all(
        compatible(part(one, selector), part(other, selector))
        for selector in ("namespaceSelector", "objectSelector")
    )


def compatible(one: Body, other: Body) -> bool:
    mine, theirs = requirements(one), requirements(other)
    both = [*mine, *theirs]
    return not any(a[0] == b[0] and excludes(a, b) for a, b in combinations(both, 2))


Requirement = tuple[str, str, frozenset[str]]
"""Key, operator, values."""


def requirements(selector: Body) -> list[Requirement]:
    exact = [
        (key, "In", frozenset({value}))
        for key, value in string_map(selector, "matchLabels").items()
    ]
    written = [
        (text(e, "key"), text(e, "operator"), frozenset(texts(e, "values")))
        for _, e in mappings(selector, "matchExpressions")
    ]
    return [*exact, *written]


def excludes(one: Requirement, other: Requirement) -> bool:
    """Whether no label value meets both requirements of the same key."""
    (_, how, values), (_, other_how, other_values) = sorted((one, other), key=lambda r: r[1])
    match (how, other_how):
        case ("In", "In"):
            return not values & other_values
        case ("In", "NotIn"):
            return values <= other_values
        case ("DoesNotExist", "In" | "Exists"):
            return True
        case _:
            return False
