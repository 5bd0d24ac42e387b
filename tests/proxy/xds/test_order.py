"""Equal input gives equal bytes, in whatever order it is given: nothing is pushed for nothing.

The mesh holds an example of every field of every kind (`tests/routing/fields`). Documents, what the
registry is assembled from, and the keys of every mapping are shuffled; lists are not, for in routes and
rules order has a meaning.
"""

import random
from dataclasses import replace
from functools import cache
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proxy.xds.options import Options
from proxy.xds.snapshot import Snapshots
from routing.compile import Compiler, Mesh, MeshInput, compile_mesh
from routing.contracts import Document, ResourceKey
from tests.routing.mesh import documents, registry, resource, service
from tests.routing.test_every_field import ISTIO, examples, material, world

SPENDING = settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
OURS = (
    *(service(name) for name in ("orders", "spare", "payments")),
    *(
        resource(kind, name, spec).replace("networking.istio.io/v1", "meshweb.dev/v1")
        for kind, name, spec in (
            ("Fallback", "a", "{host: orders, destination: {host: spare}}"),
            ("Fallback", "b", "{host: payments, response: {headers: {b: '1', a: '2'}, body: x}}"),
            ("Suspend", "c", "{service: spare, reason: x}"),
            ("Suspend", "d", "{workload: reviews-v2}"),
        )
    ),
)


@cache
def everything() -> tuple[Document, ...]:
    """Each example under a name of its own."""
    found = {d.key: d for d in (*world().documents, *documents(*OURS))}
    for kind in ISTIO:
        for i, example in enumerate(examples(kind)):
            made = example.document(example.spec)
            key = ResourceKey(kind=kind, namespace=made.key.namespace, name=f"example-{i}")
            found[key] = replace(made, key=key)
            found |= {one.key: one for one in example.beside}
    return tuple(found.values())


def shuffled(order: random.Random) -> MeshInput:
    made = [replace(one, spec=with_keys(one.spec, order)) for one in everything()]
    order.shuffle(made)
    secrets = list(world().secrets)
    order.shuffle(secrets)
    return MeshInput(documents=tuple(made), registry=registry(tuple(made)), secrets=tuple(secrets))


def with_keys(value: Any, order: random.Random) -> Any:
    """The same value, the keys of its mappings in another order."""
    if isinstance(value, list):
        return [with_keys(item, order) for item in value]
    if not isinstance(value, dict):
        return value
    keys = list(value)
    order.shuffle(keys)
    return {key: with_keys(value[key], order) for key in keys}


def told(mesh: Mesh) -> dict[tuple[str, str, str], bytes]:
    """The bytes of everything that each proxy is sent."""
    snapshots = Snapshots(Options())
    return {
        (proxy_id, kind, name): one.wire
        for proxy_id, config in mesh.configs.items()
        for kind, resources in snapshots.snapshot(config, material=material).resources.items()
        for name, one in resources.items()
    }


@cache
def usual() -> dict[tuple[str, str, str], bytes]:
    return told(compile_mesh(shuffled(random.Random(0))))


def different(found: dict[tuple[str, str, str], bytes]) -> list[tuple[str, str, str]]:
    both = usual().keys() | found.keys()
    return sorted(key for key in both if usual().get(key) != found.get(key))


@given(st.integers(1, 2**32))
@SPENDING
def test_another_order_gives_the_same_bytes(seed: int) -> None:
    assert different(told(compile_mesh(shuffled(random.Random(seed))))) == []


@given(st.lists(st.integers(1, 2**32), min_size=1, max_size=2))
@SPENDING
def test_another_order_changes_no_proxy_of_a_mesh_that_runs(seeds: list[int]) -> None:
    compiler = Compiler()
    before = compiler.compile(shuffled(random.Random(0)))
    for seed in seeds:
        after = compiler.compile(shuffled(random.Random(seed)))
        assert different(told(after)) == []
        assert after.changed_since(before) == ()
        before = after
