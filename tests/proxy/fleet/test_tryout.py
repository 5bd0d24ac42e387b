"""What is tried and what is not; and when Envoy cannot be asked. Envoy's answers are given here."""

from dataclasses import dataclass, field

from benchmarks.push_mesh import published, registry
from proxy.fleet.asking import Answer, Declined, Json, Silent, Taken, tidied, words_of
from proxy.fleet.planner import Plan, Planner, Sources, TurnedDown
from proxy.fleet.tryout import Tryout
from proxy.xds.options import Options
from routing.contracts import Document, PublishedConfig, ResourceKey, Trial, TrialOutcome

SILENT = Silent("Envoy gave no answer")


@dataclass
class World:
    """A mesh whose Envoy gives one answer, and what was asked and pushed."""

    answer: Answer = field(default_factory=Taken)
    config: PublishedConfig = field(default_factory=lambda: published(1, 10))
    asked: list[Json] = field(default_factory=list)
    pushed: list[tuple[int, Trial | None]] = field(default_factory=list)

    def planner(self) -> Planner:
        running = registry(1)
        made = Planner(
            Sources(
                published=lambda after: None if after == self.config.number else self.config,
                generation=lambda: "1",
                registry=lambda: running,
                push=lambda number, trial: self.pushed.append((number, trial)),
            ),
            Options(),
            lambda _: None,
            tryout=Tryout(Options(), self._ask),
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


def test_envoys_words_come_without_its_log_and_the_message_that_it_repeats() -> None:
    log = "[2026][critical][main] error initializing configuration '/a.json': "
    assert words_of(f"{log}Invalid path: /no", 1) == "Invalid path: /no"
    assert words_of("", -11) == "Envoy ended with -11 on it"
    dump = 'goo.gle/debugstr  \nname: "r"\n: Proto constraint validation failed (A: too long)'
    assert tidied(dump) == "Proto constraint validation failed (A: too long)"
