"""What control tells of a revision's way: every proxy of a few, of many those that matter."""

import time
from collections.abc import Iterator
from types import MappingProxyType

import pytest
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider

from proxy.ads.session import Rejected
from proxy.fleet import journeys
from proxy.fleet.journeys import MOST_SHOWN, Journeys, Note, Push, chosen, tell
from proxy.fleet.planner import Plan
from proxy.fleet.stages import Stages, Story
from proxy.xds.messages import ROUTES
from proxy.xds.snapshot import ProxySnapshot, Resource
from routing.contracts import Convergence, PublishedConfig, RevisionState
from routing.ir import Proxy, ProxyConfig

TRACE = f"00-{'ab' * 16}-{'cd' * 8}-01"


class Kept(SpanProcessor):
    def __init__(self) -> None:
        self.spans: list[ReadableSpan] = []

    def on_end(self, span: ReadableSpan) -> None:
        self.spans.append(span)


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[ReadableSpan]]:
    processor = Kept()
    provider = TracerProvider()
    provider.add_span_processor(processor)
    monkeypatch.setattr(journeys, "tracer", provider.get_tracer("test"))
    yield processor.spans
    provider.shutdown()


def snapshot(number: int, version: str = "1") -> ProxySnapshot:
    proxy = Proxy(
        id=f"p{number}", namespace="shop", pod=f"cart-{number}", workload="cart", app="cart",
        version="v1", labels=(), service_account="cart", address="127.66.0.2",
        app_address="127.67.0.2", outbound_address="127.68.0.2",
    )  # fmt: skip
    return ProxySnapshot(
        proxy_id=proxy.id,
        config=ProxyConfig(proxy=proxy),
        resources=MappingProxyType({ROUTES: {"outbound": Resource("outbound", version, b"")}}),
    )


def plan(number: int, proxies: int, *, trace: str = TRACE, carried: tuple[str, ...] = ()) -> Plan:
    stages = Stages()
    with stages("read"), stages("compile"):
        pass
    snapshots = {f"p{i}": snapshot(i, str(number)) for i in range(proxies)}
    published = PublishedConfig(number=number, accepted_at=1.0, trace=trace, carried=carried)
    return Plan(
        number=number,
        accepted_at=1.0,
        snapshots=snapshots,
        changed=tuple(snapshots),
        removed=(),
        final=True,
        story=stages.story(published),
    )


def told(kept: list[ReadableSpan]) -> list[str]:
    return sorted(span.name for span in kept)


def converged(number: int) -> Convergence:
    return Convergence(revision=number, state=RevisionState.CONVERGED)


def test_a_push_lasts_until_the_proxy_has_all_of_it(kept: list[ReadableSpan]) -> None:
    ours, made = Journeys("here"), plan(7, 1)
    ours.planned(made, {"p0": snapshot(0, "old")}, news=True)
    ours.noted("p0", Note(time.time_ns(), "sent", ROUTES, 120))
    ours.settled(snapshot(0, "7"))  # of another plan: it does not count
    assert told(kept) == ["compile", "plan", "read"]
    ours.settled(made.snapshots["p0"])
    ours.reported(converged(7))
    tell(ours.take())
    assert told(kept) == ["compile", "plan", "push cart", "read", "roll out revision"]
    push = next(span for span in kept if span.name == "push cart")
    whole = next(span for span in kept if span.name == "roll out revision")
    assert push.attributes is not None
    assert push.attributes["xds.types"] == ("rds",)
    assert push.attributes["xds.bytes"] == 120
    assert push.attributes["xds.rds.changed"] == ("outbound",)
    assert whole.parent is not None
    assert whole.parent.span_id == int("cd" * 8, 16)
    assert {span.get_span_context().trace_id for span in kept} == {int("ab" * 16, 16)}  # type: ignore[union-attr]


def test_a_response_whose_answer_is_read_first_counts_as_sent(kept: list[ReadableSpan]) -> None:
    ours, made = Journeys("here"), plan(7, 1)
    ours.planned(made, {}, news=True)
    decided = time.time_ns()
    ours.noted("p0", Note(decided + 1, "acknowledged", ROUTES))
    ours.settled(made.snapshots["p0"])
    ours.noted("p0", Note(decided, "sent", ROUTES, 120))
    ours.noted("p0", Note(decided + 10**10, "sent", ROUTES, 500))  # of something later
    ours.reported(converged(7))
    tell(ours.take())
    push = next(span for span in kept if span.name == "push cart")
    assert [event.name for event in push.events] == ["sent", "acknowledged"]
    assert push.attributes is not None
    assert push.attributes["xds.bytes"] == 120


def test_what_a_proxy_refuses_is_an_error_with_its_words(kept: list[ReadableSpan]) -> None:
    ours = Journeys("here")
    ours.planned(plan(7, 2), {}, news=True)
    ours.rejected("p1", Rejected(ROUTES, (), "no such cluster"))
    ours.reported(Convergence(revision=7, state=RevisionState.REJECTED))
    tell(ours.take())
    words = sorted(str(s.status.description) for s in kept if s.name == "push cart")
    assert words == ["no answer", "no such cluster"]


def test_of_a_thousand_pushes_a_few_are_shown_and_the_rest_is_summed(
    kept: list[ReadableSpan],
) -> None:
    ours, made = Journeys("here"), plan(7, 1000)
    ours.planned(made, {}, news=True)
    for one in made.snapshots.values():
        ours.settled(one)
    ours.reported(converged(7))
    tell(ours.take())
    assert len([span for span in kept if span.name == "push cart"]) == MOST_SHOWN
    rest = next(span for span in kept if span.name == f"push to {1000 - MOST_SHOWN} more proxies")
    assert rest.attributes is not None
    assert rest.attributes["meshweb.proxies"] == 1000 - MOST_SHOWN


def test_those_that_failed_and_the_slowest_are_among_the_few() -> None:
    pushes = [Push(snapshot=snapshot(i), before=None, began=0, ended=i + 1) for i in range(500)]
    pushes[17].error = "refused"
    shown, rest = chosen(pushes, 40)
    assert (len(shown), len(rest)) == (40, 460)
    assert pushes[17] in shown
    assert all(one in shown for one in pushes[-10:])


def test_an_older_revision_that_is_carried_is_told_by_whom(kept: list[ReadableSpan]) -> None:
    older = f"00-{'12' * 16}-{'34' * 8}-01"
    Journeys("here").planned(plan(8, 1, carried=(older,)), {}, news=True)
    carried = next(span for span in kept if span.name == "carried by a later revision")
    assert carried.parent is not None
    assert carried.parent.trace_id == int("12" * 16, 16)
    assert [link.context.trace_id for link in carried.links] == [int("ab" * 16, 16)]


def test_a_later_snapshot_of_the_same_revision_is_waited_for_instead(
    kept: list[ReadableSpan],
) -> None:
    ours, first = Journeys("here"), plan(7, 1)
    later = plan(7, 1)
    ours.planned(first, {}, news=True)
    ours.planned(later, first.snapshots, news=False)
    ours.settled(later.snapshots["p0"])
    ours.reported(converged(7))
    tell(ours.take())
    push = next(span for span in kept if span.name == "push cart")
    assert push.status.is_unset


def test_what_has_no_trace_or_ended_before_costs_nothing(kept: list[ReadableSpan]) -> None:
    ours = Journeys("here")
    ours.done_before(7)
    ours.planned(plan(7, 1), {}, news=True)
    ours.planned(plan(8, 1, trace=""), {}, news=True)
    ours.reported(converged(8))
    assert (ours.take(), told(kept)) == ((), [])


def test_a_stage_that_was_gone_through_elsewhere_is_told_too() -> None:
    stages = Stages()
    stages.took("try", 1, 3, {"outcome": "refused"})
    story = stages.story(PublishedConfig(number=1, accepted_at=0.0, trace=TRACE))
    assert isinstance(story, Story)
    assert [(one.name, one.began, one.ended, dict(one.told)) for one in story.stages] == [
        ("try", 1, 3, {"outcome": "refused"})
    ]
