"""One pod's life, decided step by step."""

from dataclasses import replace

import pytest

from proxy.agent.keeper_client import Held
from proxy.agent.lifecycle import Action, Facts, Process, decide, report
from proxy.agent.runner import observe
from topology.contracts import PodPhase, PodReport

UP = Process(running=True, ready=True, starts=1)
NEW = Process()


def facts(app: Process | None = NEW, proxy: Process | None = NEW, *, now: float = 100.0) -> Facts:
    return Facts(now=now, began_at=100.0, app=app, proxy=proxy)


def test_the_proxy_comes_first_and_the_application_waits_for_it() -> None:
    assert list(decide(facts())) == [Action.START_PROXY]
    warming = replace(UP, ready=False)
    assert list(decide(facts(proxy=warming))) == []
    assert list(decide(facts(proxy=UP))) == [Action.START_APP]


def test_the_application_does_not_wait_for_ever() -> None:
    warming = replace(UP, ready=False)
    assert list(decide(facts(proxy=warming, now=105.0))) == [Action.START_APP]


def test_a_gateway_has_only_a_proxy_and_an_outsider_only_an_application() -> None:
    assert list(decide(facts(app=None))) == [Action.START_PROXY]
    assert list(decide(facts(proxy=None))) == [Action.START_APP]


@pytest.mark.parametrize(
    ("failures", "pause"), [(0, 0.0), (1, 0.2), (2, 0.4), (4, 1.6), (30, 10.0)]
)
def test_what_crashes_is_started_again_after_a_growing_pause(failures: int, pause: float) -> None:
    crashed = Process(starts=1, failures=failures, ended_at=100.0, status=1)
    assert not crashed.due(100.0 + pause - 0.01)
    assert crashed.due(100.0 + pause)


def test_an_ending_pod_serves_on_then_its_application_goes_then_its_proxy() -> None:
    ending = replace(facts(UP, UP), terminating_since=100.0)
    stopped = replace(UP, running=False)
    assert list(decide(ending)) == [Action.DRAIN]
    assert list(decide(replace(ending, drained=True))) == []
    late = replace(ending, now=103.0, drained=True)
    assert list(decide(replace(late, now=102.9))) == []
    assert list(decide(late)) == [Action.STOP_APP]
    assert list(decide(replace(late, app=stopped))) == [Action.STOP_PROXY]
    assert list(decide(replace(late, app=stopped, proxy=stopped))) == [Action.FORGET]


def test_a_gateway_that_ends_passes_on_what_is_under_way() -> None:
    ending = replace(facts(None, UP, now=104.9), terminating_since=100.0, drained=True)
    assert list(decide(ending)) == []
    assert list(decide(replace(ending, now=105.0))) == [Action.STOP_PROXY]


def test_what_ends_while_the_pod_ends_stays_down() -> None:
    ending = replace(facts(replace(UP, running=False), UP, now=103.0), terminating_since=100.0)
    assert list(decide(ending)) == [Action.STOP_PROXY]


def test_a_report_says_what_can_be_seen() -> None:
    def said(app: Process | None, proxy: Process | None) -> PodReport:
        return report("u", facts(app, proxy))

    running = PodReport(uid="u", phase=PodPhase.RUNNING)
    crashed = replace(UP, running=False, ready=False, ended_at=99.0, status=1)
    assert said(NEW, NEW) == PodReport(uid="u", phase=PodPhase.PENDING)
    assert said(UP, UP) == replace(running, ready=True)
    assert said(UP, replace(UP, ready=False)) == running
    assert said(crashed, UP) == replace(running, message="the application ended with exit code 1")
    assert said(UP, replace(UP, starts=3, ready=False)) == replace(
        running,
        proxy_restarts=2,
        message="the Envoy was started again and is not ready yet",
    )
    assert said(Process(error="no such file"), UP) == PodReport(
        uid="u",
        phase=PodPhase.FAILED,
        message="the application cannot be started: no such file",
    )
    ending = replace(facts(UP, UP), terminating_since=100.0)
    assert report("u", ending) == PodReport(uid="u", phase=PodPhase.TERMINATING)


def test_what_runs_is_adopted_with_its_count() -> None:
    held = Held(pid=7, starts=3, running=True, started_at=50.0)
    assert observe(NEW, held) == Process(running=True, starts=3)


def test_an_end_is_noticed_once_and_a_steady_life_forgives() -> None:
    short = Held(pid=7, starts=1, running=False, status=1, started_at=99.0, ended_at=100.0)
    ended = observe(replace(UP, failures=2), short)
    assert ended == Process(starts=1, failures=3, ended_at=100.0, status=1)
    assert observe(ended, short) == ended
    steady = replace(short, started_at=50.0)
    assert observe(replace(UP, failures=2), steady).failures == 1


def test_the_keepers_end_is_the_processes_end() -> None:
    lost = observe(UP, None)
    assert (lost.running, lost.ready, lost.status) == (False, False, -9)
    assert observe(NEW, None) == NEW
