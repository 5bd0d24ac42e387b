"""What is tried and what is not; and when Envoy cannot be asked. Envoy's answers are given here."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace

from benchmarks.push_mesh import published, registry
from proxy.fleet.asking import Answer, Declined, Json, Silent, Taken, tidied, words_of
from proxy.fleet.planner import Aside, Plan, Planner, Sources, TurnedDown, at_once
from proxy.fleet.trials import Finding
from proxy.fleet.tryout import Tryout
from proxy.xds.options import Options
from proxy.xds.snapshot import ProxySnapshot
from routing.contracts import Document, PublishedConfig, ResourceKey, Trial, TrialOutcome
from topology.contracts import Registry

SILENT = Silent("Envoy gave no answer")


@dataclass
class World:
    """A mesh whose Envoy gives one answer, and what was asked and pushed."""

    answer: Answer = field(default_factory=Taken)
    config: PublishedConfig = field(default_factory=lambda: published(1, 10))
    asked: list[Json] = field(default_factory=list)
    pushed: list[tuple[int, Trial | None]] = field(default_factory=list)
    running: Registry = field(default_factory=lambda: registry(1))

    def planner(self, aside: Aside = at_once) -> Planner:
        made = Planner(
            Sources(
                published=lambda after: None if after == self.config.number else self.config,
                generation=lambda: str(id(self.running)),
                registry=lambda: self.running,
                push=lambda number, trial: self.pushed.append((number, trial)),
            ),
            Options(),
            lambda _: None,
            tryout=Tryout(Options(), self._ask),
            aside=aside,
        )
        assert isinstance(made.plan(), Plan)
        return made

    def _ask(self, bootstrap: Json) -> Answer:
        self.asked.append(bootstrap)
        return self.answer

    def accept(self, number: int, weight: int, *more: Document) -> None:
        documents = (*published(number, weight).documents, *more)
        self.config = PublishedConfig(number=number, accepted_at=0.0, documents=documents)


STRICT = Document(
    key=ResourceKey("PeerAuthentication", "mesh", "default"),
    api_version="security.istio.io/v1",
    spec={"mtls": {"mode": "STRICT"}},
)


def test_what_is_in_force_at_the_start_and_weights_are_not_tried() -> None:
    world = World()
    planner = world.planner()
    world.accept(2, 20)
    assert isinstance(planner.plan(), Plan)
    assert (world.asked, world.pushed) == ([], [(2, None)])


def test_what_passed_once_is_not_tried_again() -> None:
    world = World()
    planner = world.planner()
    for number, more in ((2, (STRICT,)), (3, ()), (4, (STRICT,))):
        world.accept(number, 10, *more)
        assert isinstance(planner.plan(), Plan)
    assert len(world.asked) == 1
    assert [trial.outcome if trial else None for _, trial in world.pushed] == [
        TrialOutcome.PASSED,
        None,
        None,
    ]


def test_an_envoy_that_cannot_be_asked_holds_nothing_up() -> None:
    world = World(SILENT)
    planner = world.planner()
    world.accept(2, 10, STRICT)
    assert isinstance(planner.plan(), Plan)
    ((number, trial),) = world.pushed
    assert trial is not None
    assert (number, trial.outcome, trial.error) == (2, TrialOutcome.UNTRIED, SILENT.reason)


def test_what_is_turned_down_is_turned_down_again_until_it_is_gone_or_let_through() -> None:
    world = World(Declined("no such thing"))
    planner = world.planner()
    world.accept(2, 10, STRICT)
    for _ in range(2):
        found = planner.plan()
        assert isinstance(found, TurnedDown)
        assert found.culprits == {STRICT.key: "no such thing"}
    assert world.pushed == []
    assert isinstance(planner.plan(untried=2), Plan)
    assert [number for number, _ in world.pushed] == [2]


class Later:
    """Trials that end when they are told to."""

    def __init__(self) -> None:
        self._begun: list[tuple[Callable[[], Finding], Future[Finding]]] = []

    def __call__(self, work: Callable[[], Finding]) -> "Future[Finding]":
        self._begun.append((work, Future()))
        return self._begun[-1][1]

    def end(self) -> None:
        for work, done in self._begun:
            done.set_result(work())
        self._begun.clear()


def without_a_pod(running: Registry) -> Registry:
    return replace(running, pods=running.pods[:-1])


def test_pods_that_go_do_not_wait_for_a_trial_and_the_revision_keeps_its_order() -> None:
    world, later = World(), Later()
    planner = world.planner(later)
    world.accept(2, 20, STRICT)
    assert planner.plan() is None
    gone = world.running.pods[-1].proxy_id
    world.running = without_a_pod(world.running)
    meanwhile = planner.plan()
    assert isinstance(meanwhile, Plan)
    assert (meanwhile.number, meanwhile.removed, world.pushed) == (1, (gone,), [])

    world.accept(3, 30, STRICT)
    assert planner.plan() is None
    later.end()
    second, third = planner.plan(), planner.plan()
    assert isinstance(second, Plan)
    assert isinstance(third, Plan)
    assert [one.number for one in (second, third)] == [2, 3]
    assert gone not in third.snapshots
    assert [(number, trial is not None) for number, trial in world.pushed] == [
        (2, True),
        (3, False),
    ]


def test_what_is_declared_with_a_revision_waits_for_its_trial() -> None:
    world, later = World(), Later()
    planner = world.planner(later)
    world.accept(2, 20, STRICT)
    services = world.running.services
    world.running = replace(without_a_pod(world.running), services=services[1:])
    before = planner.plan()
    assert isinstance(before, Plan)
    assert [pod.name for pod in world.running.pods] == [
        one.config.proxy.pod for one in before.snapshots.values()
    ]
    assert all(has_cluster_of(one, services[0].host) for one in before.snapshots.values())
    later.end()
    after = planner.plan()
    assert isinstance(after, Plan)
    assert not any(has_cluster_of(one, services[0].host) for one in after.snapshots.values())


def has_cluster_of(snapshot: ProxySnapshot, host: str) -> bool:
    return any(one.name.endswith(f"|{host}") for one in snapshot.config.clusters)


def test_what_is_turned_down_later_was_never_pushed() -> None:
    world, later = World(Declined("no such thing")), Later()
    planner = world.planner(later)
    world.accept(2, 10, STRICT)
    assert planner.plan() is None
    later.end()
    found = planner.plan()
    assert isinstance(found, TurnedDown)
    assert (found.culprits, world.pushed) == ({STRICT.key: "no such thing"}, [])


def test_envoys_words_come_without_its_log_and_the_message_that_it_repeats() -> None:
    log = "[2026][critical][main] error initializing configuration '/a.json': "
    assert words_of(f"{log}Invalid path: /no", 1) == "Invalid path: /no"
    assert words_of("", -11) == "Envoy ended with -11 on it"
    dump = 'goo.gle/debugstr  \nname: "r"\n: Proto constraint validation failed (A: too long)'
    assert tidied(dump) == "Proto constraint validation failed (A: too long)"
