"""Plans: who is told what, and when nothing is."""

from dataclasses import dataclass, field, replace

from benchmarks.push_mesh import node_id, published, registry
from proxy.fleet.planner import Plan, Planner, Sources
from proxy.xds.messages import ROUTES
from proxy.xds.options import Options
from proxy.xds.snapshot import ProxySnapshot
from routing.contracts import Document, PublishedConfig, ResourceKey
from topology.contracts import Registry


@dataclass
class World:
    """What is published and what runs, as a planner reads it."""

    config: PublishedConfig = field(default_factory=lambda: published(1, 10))
    registry: Registry = field(default_factory=lambda: registry(2))
    generation: int = 1
    good: dict[str, ProxySnapshot] = field(default_factory=dict)

    def planner(self) -> Planner:
        return Planner(
            Sources(
                published=lambda after: None if after == self.config.number else self.config,
                generation=lambda: str(self.generation),
                registry=lambda: self.registry,
            ),
            Options(),
            self.good.get,
        )

    def publish(self, number: int, weight: int) -> None:
        self.config = published(number, weight)


def made(planner: Planner, *, step: bool = False, anew: bool = False) -> Plan:
    plan = planner.plan(step=step, anew=anew)
    assert isinstance(plan, Plan)
    return plan


def test_the_first_plan_tells_everybody_and_the_next_nobody() -> None:
    world = World()
    planner = world.planner()
    plan = made(planner)
    assert set(plan.changed) == {pod.proxy_id for pod in world.registry.pods}
    assert (plan.number, plan.removed, plan.final) == (1, (), True)
    assert planner.plan() is None


def test_a_changed_weight_changes_routes_only() -> None:
    world = World()
    planner = world.planner()
    before = made(planner).snapshots[node_id(0)]
    world.publish(2, 20)
    after = made(planner).snapshots[node_id(0)]
    differing = [url for url in after.resources if after.of(url) is not before.of(url)]
    assert differing == [ROUTES]


def test_a_revision_that_changes_nothing_tells_nobody() -> None:
    world = World()
    planner = world.planner()
    made(planner)
    world.publish(2, 10)
    plan = made(planner)
    assert (plan.number, plan.changed) == (2, ())


def test_a_pod_that_is_gone_is_removed() -> None:
    world = World()
    planner = world.planner()
    made(planner)
    pods = tuple(pod for pod in world.registry.pods if pod.proxy_id != node_id(1))
    world.registry, world.generation = replace(world.registry, pods=pods), 2
    plan = made(planner)
    assert plan.removed == (node_id(1),)
    assert node_id(1) not in plan.snapshots


def test_a_refused_table_is_replaced_by_the_last_good_one_and_its_author_blamed() -> None:
    world = World()
    planner = world.planner()
    first = made(planner)
    world.good |= first.snapshots
    world.publish(2, 20)
    bad = made(planner).snapshots[node_id(0)].of(ROUTES)["outbound"]
    key = ResourceKey("VirtualService", "mesh", "svc-000")
    planner.refuse(ROUTES, bad, "no", (key,))
    plan = made(planner, anew=True)
    good = first.snapshots[node_id(0)].of(ROUTES)["outbound"]
    assert plan.snapshots[node_id(0)].of(ROUTES)["outbound"] is good

    world.publish(3, 10)
    made(planner)
    world.publish(4, 20)
    again = made(planner)
    assert again.snapshots[node_id(0)].of(ROUTES)["outbound"].version == good.version
    assert {blame.keys for blame in again.refused[node_id(0)]} == {(key,)}


def test_switching_mtls_off_goes_in_steps() -> None:
    world = World()
    planner = world.planner()
    made(planner)
    off = Document(
        key=ResourceKey("PeerAuthentication", "mesh", "default"),
        api_version="security.istio.io/v1",
        spec={"mtls": {"mode": "DISABLE"}},
    )
    documents = tuple(sorted((*world.config.documents, off), key=lambda one: one.key))
    world.config = replace(world.config, number=2, documents=documents)
    finals = [made(planner).final]
    assert planner.plan() is None
    while not finals[-1]:
        finals.append(made(planner, step=True).final)
    assert finals == [False, False, True]
