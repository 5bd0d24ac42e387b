"""Refusals that come late, as control books them; nothing is served, written or planned here."""

from dataclasses import replace

import pytest

from proxy.ads.session import Rejected
from proxy.fleet.control import Control
from proxy.fleet.metrics import Meter
from proxy.fleet.planner import Plan
from proxy.xds.messages import ROUTES
from proxy.xds.options import Options
from proxy.xds.snapshot import ProxySnapshot, Resource, Snapshots
from tests.proxy.xds.shop import sidecar

BASE = Snapshots(Options()).snapshot(sidecar())
PROXY = BASE.proxy_id
NAME = next(iter(BASE.of(ROUTES)))


def resource(version: str) -> Resource:
    return replace(BASE.of(ROUTES)[NAME], version=version)


def carrying(version: str) -> ProxySnapshot:
    return replace(BASE, resources={**BASE.resources, ROUTES: {NAME: resource(version)}})


def control() -> Control:
    made = Control(
        Options(),
        name="here",
        host_port_offset=0,
        broker_url="",
        registry_changed=lambda: None,
        meter=Meter(lambda: 0.0),
    )
    made.connected(PROXY, None)
    return made


def serve(of: Control, number: int, snapshot: ProxySnapshot) -> None:
    of._serve(
        Plan(
            number=number,
            accepted_at=float(number),
            snapshots={PROXY: snapshot},
            changed=(PROXY,),
            removed=(),
            final=True,
        )
    )


def states(of: Control) -> dict[int, str]:
    return {one.revision: one.state.value for one in of._progress.reports(10.0)}


def row(of: Control) -> tuple[str, int]:
    ((row,), _) = of._rows.take(0.0)
    return row.state, row.revision


def refuse(of: Control, version: str) -> None:
    of.rejected(PROXY, Rejected(ROUTES, (resource(version),), "no such regex"))


def test_only_the_revision_that_brought_what_was_refused_is_rejected() -> None:
    made, good, better = control(), carrying("good"), carrying("better")
    serve(made, 1, good)
    made.settled(good)
    serve(made, 2, carrying("bad"))
    serve(made, 3, better)
    refuse(made, "bad")
    assert states(made) == {1: "converged", 2: "rejected", 3: "pushed"}
    made.settled(better)
    assert states(made)[3] == "converged"
    assert row(made) == ("synced", 3)


def test_a_later_revision_that_still_carries_what_was_refused_is_not_taken_yet() -> None:
    made, still = control(), carrying("bad")
    serve(made, 2, carrying("bad"))
    serve(made, 3, still)
    refuse(made, "bad")
    made.settled(still)
    assert states(made) == {2: "rejected", 3: "pushed"}
    assert row(made) == ("rejected", 0)


@pytest.mark.parametrize(
    "question", [b"", b"\xff", b"[]", b"{}", b'{"proxy": "p"}', b"[" * 100_000]
)
async def test_what_is_no_question_for_a_dump_is_ignored(question: bytes) -> None:
    made = control()
    serve(made, 1, BASE)
    await made._tell_dump(question)
