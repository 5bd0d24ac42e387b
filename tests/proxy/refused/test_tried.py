"""What our checks let through and Envoy refuses is turned down before anybody is told."""

from dataclasses import dataclass, field, replace

import pytest

from proxy.fleet.planner import Plan, Planner, Sources, TurnedDown
from proxy.fleet.tryout import Tryout
from proxy.xds.options import Options
from routing.checks.check import CheckInput, check
from routing.contracts import Document, PublishedConfig, ResourceKey, Trial, TrialOutcome
from routing.parse import parse_yaml
from tests.proxy.refused.cases import NAMES, base, load
from tests.routing.mesh import registry

INNOCENT = parse_yaml("""\
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: innocent, namespace: shop}
spec: {host: reviews.shop.svc.cluster.local, trafficPolicy: {outlierDetection: {consecutive5xxErrors: 7}}}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: innocent, namespace: shop}
spec: {mtls: {mode: STRICT}}
""").documents


@dataclass
class World:
    """What is accepted, as a planner reads it, and what it said of it."""

    documents: tuple[Document, ...] = field(default_factory=base)
    number: int = 1
    pushed: list[tuple[int, Trial | None]] = field(default_factory=list)

    def planner(self) -> Planner:
        running = registry(base())
        made = Planner(
            Sources(
                published=self._published,
                generation=lambda: "1",
                registry=lambda: running,
                push=lambda number, trial: self.pushed.append((number, trial)),
            ),
            OPTIONS,
            lambda _: None,
            tryout=Tryout(OPTIONS),
        )
        assert isinstance(made.plan(), Plan)
        return made

    def accept(self, *documents: Document) -> None:
        self.number += 1
        self.documents = tuple(sorted((*base(), *documents), key=lambda one: one.key))

    def _published(self, after: int | None) -> PublishedConfig | None:
        if after == self.number:
            return None
        return PublishedConfig(number=self.number, accepted_at=0.0, documents=self.documents)


OPTIONS = Options()


def test_the_corpus_is_large_and_its_configurations_differ() -> None:
    assert len(NAMES) >= 30
    assert len({load(name).text for name in NAMES}) == len(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_our_checks_let_it_through(name: str) -> None:
    documents = (*base(), *load(name).documents)
    found = check(CheckInput(documents=documents, registry=registry(base())))
    assert [one for one in found if one.severity == "error"] == []


@pytest.mark.envoy
@pytest.mark.parametrize("name", NAMES)
def test_it_is_turned_down_by_name_and_what_came_with_it_is_pushed(name: str) -> None:
    case, world = load(name), World()
    planner = world.planner()
    world.accept(*case.documents, *INNOCENT)
    found = planner.plan()
    assert isinstance(found, TurnedDown)
    assert (found.number, list(found.culprits), world.pushed) == (2, [case.culprit], [])
    assert case.words in found.culprits[case.culprit]
    assert case.words in found.trial.error

    world.accept(*case.documents[1:], *INNOCENT)
    plan = planner.plan()
    assert isinstance(plan, Plan)
    assert len(plan.changed) == 2
    # its innocent parts were seen by Envoy while the culprit was looked for
    assert world.pushed == [(3, None)]


@pytest.mark.envoy
def test_every_culprit_of_a_revision_is_found_at_once() -> None:
    names = ("header-unknown-word", "ca-file-missing", "jwks-unknown-curve")
    world, found = World(), []
    planner = world.planner()
    for index, name in enumerate(names):
        (document, *_) = load(name).documents
        key = document.key
        found.append(replace(document, key=ResourceKey(key.kind, key.namespace, f"bad-{index}")))
    world.accept(*found, *INNOCENT)
    turned = planner.plan()
    assert isinstance(turned, TurnedDown)
    assert set(turned.culprits) == {one.key for one in found}
    assert turned.trial.outcome is TrialOutcome.REFUSED
