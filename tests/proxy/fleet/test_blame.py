"""Whose revision a refusal is booked on, and what of a snapshot is in doubt."""

from dataclasses import replace

from proxy.fleet.blame import Ledger
from proxy.xds.messages import ROUTES
from proxy.xds.options import Options
from proxy.xds.snapshot import ProxySnapshot, Resource, Snapshots
from tests.proxy.xds.shop import sidecar

BASE = Snapshots(Options()).snapshot(sidecar())
PROXY = BASE.proxy_id
NAME = next(iter(BASE.of(ROUTES)))


def carrying(version: str) -> ProxySnapshot:
    return replace(BASE, resources={**BASE.resources, ROUTES: {NAME: resource(version)}})


def resource(version: str) -> Resource:
    return replace(BASE.of(ROUTES)[NAME], version=version)


def first(ledger: Ledger, version: str) -> int | None:
    return ledger.first(PROXY, ROUTES, resource(version))


def test_a_late_refusal_is_the_fault_of_the_revision_that_first_carried_it() -> None:
    ledger = Ledger()
    ledger.pushed(1, [carrying("good")])
    ledger.pushed(2, [carrying("bad")])
    ledger.pushed(3, [carrying("bad")])
    ledger.pushed(4, [carrying("better")])
    assert [first(ledger, one) for one in ("good", "bad", "better", "new")] == [1, 2, 4, None]


def test_what_came_before_a_snapshot_that_was_taken_is_no_longer_asked_about() -> None:
    ledger, taken = Ledger(), carrying("b")
    ledger.pushed(1, [carrying("a")])
    ledger.pushed(2, [taken])
    ledger.pushed(3, [carrying("a")])
    ledger.settled(taken)
    assert (first(ledger, "a"), first(ledger, "b")) == (3, 2)
    ledger.removed(PROXY)
    assert first(ledger, "a") is None


def test_a_snapshot_is_in_doubt_while_it_holds_what_was_refused() -> None:
    ledger = Ledger()
    ledger.refused(PROXY, ROUTES, [resource("bad")])
    assert [ledger.in_doubt(carrying(one)) for one in ("bad", "good")] == [True, False]
    ledger.cleared(PROXY, ROUTES, [NAME])
    assert not ledger.in_doubt(carrying("bad"))
    ledger.refused(PROXY, ROUTES, [resource("bad")])
    ledger.disconnected(PROXY)
    assert not ledger.in_doubt(carrying("bad"))
