"""One PeerAuthentication per mesh, namespace and workload."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.world import World
from routing.model import PeerAuthentication
from routing.model.catalogue import finding


def peer_authentications_are_single(world: World) -> Iterator[Finding]:
    every = world.peer_authentications
    for policy in every:
        others = [o for o in every if o is not policy and same_namespace(o, policy)]
        if policy.selector:
            yield from check_selector(world, policy, others)
            continue
        for other in others:
            if not other.selector:
                yield finding("KIA0002", policy.metadata.key, "spec.selector", other.metadata.key)


def same_namespace(one: PeerAuthentication, other: PeerAuthentication) -> bool:
    return one.metadata.key.namespace == other.metadata.key.namespace


def check_selector(
    world: World, policy: PeerAuthentication, others: list[PeerAuthentication]
) -> Iterator[Finding]:
    key = policy.metadata.key
    where = None if key.namespace == world.root_namespace else key.namespace
    selected = world.workloads_with(policy.selector, where)
    if not selected:
        words = ", ".join(f"{k}={v}" for k, v in policy.selector)
        yield finding("KIA0004", key, "spec.selector.matchLabels", words)
    for other in others:
        both = next(
            (w for w in selected if other.selector and set(other.selector) <= set(w.labels)), None
        )
        if both is not None or other.selector == policy.selector:
            name = f"{both.namespace}/{both.name}" if both else "of the same labels"
            yield finding("KIA0003", key, "spec.selector.matchLabels", other.metadata.key, name)
