"""Objects that pick pods of their namespace by label: which pick none, and which collide."""

from collections.abc import Callable, Iterator, Mapping

from routing.checks.cluster import Cluster, Object, Ref

Selector = Callable[[Object], Mapping[str, str]]


def without_selector(cluster: Cluster, kind: Ref, selector: Selector) -> Iterator[list[Object]]:
    """Per namespace, the objects that are for all of it, where there is more than one."""
    found: dict[str, list[Object]] = {}
    for one in cluster.of(kind):
        if not selector(one):
            found.setdefault(one.namespace, []).append(one)
    return (members for members in found.values() if len(members) > 1)


def selecting_nothing(cluster: Cluster, kind: Ref, selector: Selector) -> Iterator[Object]:
    for one in cluster.of(kind):
        labels = selector(one)
        if labels and not cluster.workloads_with(labels, namespace_for(cluster, one)):
            yield one


def namespace_for(cluster: Cluster, one: Object) -> str | None:
    """An object of the root namespace is for all namespaces."""
    return None if one.namespace == cluster.root_namespace else one.namespace


def collisions(
    cluster: Cluster, kind: Ref, selector: Selector
) -> Iterator[tuple[tuple[Object, ...], str]]:
    """Groups of objects that select a common workload, with the workload; each group once."""
    chosen: dict[tuple[str, str, str], list[Object]] = {}
    for one in cluster.of(kind):
        labels = selector(one)
        for pod in cluster.workloads_with(labels, one.namespace) if labels else ():
            key = (pod.owner.kind, pod.namespace, pod.owner.name)
            chosen.setdefault(key, []).append(one)
    seen = set()
    for (_, _, name), members in chosen.items():
        group = tuple(m.full for m in members)
        if len(members) > 1 and group not in seen:
            seen.add(group)
            yield tuple(members), name
