"""The registry as the compiler asks it: pods by namespace and label."""

from collections.abc import Mapping
from dataclasses import dataclass

from routing.compile.memo import Memo
from routing.compile.mtls import PodView
from topology.contracts import Labels, Registry


@dataclass(frozen=True, slots=True, eq=False)
class PodIndex:
    """The pods of one namespace, found by the rarest label of a selector."""

    pods: tuple[PodView, ...]
    by_label: Mapping[tuple[str, str], tuple[PodView, ...]]

    def select(self, selector: Labels) -> tuple[PodView, ...]:
        """The pods with all labels of a selector; an empty one selects none."""
        if not selector:
            return ()
        candidates = min((self.by_label.get(pair, ()) for pair in selector), key=len)
        wanted = set(selector)
        return tuple(v for v in candidates if wanted <= set(v.pod.labels))


def pod_index(pods: tuple[PodView, ...]) -> PodIndex:
    by_label: dict[tuple[str, str], list[PodView]] = {}
    for view in pods:
        for pair in view.pod.labels:
            by_label.setdefault(pair, []).append(view)
    return PodIndex(pods, {pair: tuple(views) for pair, views in by_label.items()})


def select_pods(index: PodIndex, selector: Labels) -> tuple[PodView, ...]:
    return index.select(selector)


def kept_registry(memo: Memo, registry: Registry) -> Registry:
    """The registry, with the objects of the one before wherever they are equal."""
    same, group = memo.same, memo.group
    services = (same(("service", s.namespace, s.name), s) for s in registry.services)
    workloads = (same(("workload", w.namespace, w.name), w) for w in registry.workloads)
    members = (same(("pod", p.namespace, p.name), p) for p in registry.pods)
    return Registry(
        namespaces=registry.namespaces,
        services=group("services", services),
        workloads=group("workloads", workloads),
        pods=group("pods of all", members),
    )
