"""How far revisions get, told as dialogues of pushes, connections and acknowledgements."""

from collections.abc import Iterable

from proxy.fleet.progress import ARRIVAL_SECONDS, PATIENCE_SECONDS, STARTING_SECONDS, Progress
from proxy.xds.snapshot import ProxySnapshot
from routing.contracts import ProxyState, RevisionState
from tests.proxy.xds.shop import sidecar

Seen = tuple[int, str, list[tuple[str, str, float | None, str]]]


def snapshot(index: int = 2) -> ProxySnapshot:
    config = sidecar(index=index)
    return ProxySnapshot(proxy_id=f"p{index}", config=config, resources={})


def push(
    progress: Progress,
    number: int,
    *snapshots: ProxySnapshot,
    now: float = 10.0,
    final: bool = True,
) -> None:
    progress.pushed(number, now, snapshots, final=final, now=now)


def told(progress: Progress, now: float) -> list[Seen]:
    return [
        (
            one.revision,
            one.state.value,
            [(p.proxy_id, p.state.value, p.ms, p.error) for p in (*one.proxies, *one.absent)],
        )
        for one in progress.reports(now)
    ]


def connected(ids: Iterable[str] = ("p2", "p3")) -> Progress:
    progress = Progress(0.0)
    for one in ids:
        progress.connected(one)
    return progress


def test_a_revision_converges_when_the_last_concerned_proxy_has_it() -> None:
    progress, a, b = connected(), snapshot(2), snapshot(3)
    push(progress, 1, a, b)
    assert told(progress, 10) == [
        (1, "pushed", [("p2", "pending", None, ""), ("p3", "pending", None, "")])
    ]
    progress.settled(a, 10.02)
    progress.settled(b, 10.03)
    assert told(progress, 11) == [
        (1, "converged", [("p2", "synced", 20.0, ""), ("p3", "synced", 30.0, "")])
    ]
    assert told(progress, 12) == []
    assert progress.all_settled(11)


def test_a_revision_that_concerns_nobody_is_converged_at_once() -> None:
    progress = connected(())
    push(progress, 1)
    assert told(progress, 10) == [(1, "converged", [])]


def test_an_older_snapshot_does_not_count() -> None:
    progress, old, new = connected(["p2"]), snapshot(), snapshot()
    push(progress, 1, old)
    push(progress, 2, new)
    progress.settled(old, 11)
    assert [state for _, state, _ in told(progress, 11)] == ["pushed", "pushed"]
    progress.settled(new, 12)
    assert [state for _, state, _ in told(progress, 12)] == ["converged", "converged"]


def test_between_the_steps_of_a_change_nothing_has_converged() -> None:
    progress, a, b = connected(["p2"]), snapshot(), snapshot()
    push(progress, 1, a, final=False)
    progress.settled(a, 10.1)
    assert [state for _, state, _ in told(progress, 11)] == ["pushed"]
    push(progress, 1, b, now=11)
    progress.settled(b, 11.5)
    assert [state for _, state, _ in told(progress, 12)] == ["converged"]


def test_a_refusal_rejects_the_revision_and_keeps_what_was_good() -> None:
    progress, good, bad = connected(["p2"]), snapshot(), snapshot()
    push(progress, 1, good)
    progress.settled(good, 10)
    push(progress, 2, bad)
    progress.rejected("p2", 2, "bad port")
    assert told(progress, 11)[1] == (2, "rejected", [("p2", "rejected", None, "bad port")])
    assert progress.last_good("p2") is good
    assert not progress.all_settled(11)


def test_a_taken_address_keeps_a_proxy_pending_and_says_why() -> None:
    progress, one = connected(["p2"]), snapshot()
    push(progress, 1, one)
    progress.stalled("p2", "Address already in use")
    assert told(progress, 11) == [
        (1, "pushed", [("p2", "pending", None, "Address already in use")])
    ]
    progress.settled(one, 12)
    assert told(progress, 12) == [(1, "converged", [("p2", "synced", 2000.0, "")])]


def test_who_does_not_answer_is_not_waited_for_without_end() -> None:
    progress, one = connected(["p2"]), snapshot()
    push(progress, 1, one)
    late = 10 + PATIENCE_SECONDS + 1
    assert told(progress, late) == [
        (1, "partial", [("p2", "pending", None, f"no answer for {PATIENCE_SECONDS:.0f} s")])
    ]


def test_proxies_may_take_a_moment_to_come_back_to_a_new_control_process() -> None:
    progress, one = connected(()), snapshot()
    push(progress, 1, one, now=1)
    assert [state for _, state, _ in told(progress, ARRIVAL_SECONDS - 1)] == ["pushed"]
    assert told(progress, ARRIVAL_SECONDS + 1) == [
        (1, "converged", [("p2", "disconnected", None, "")])
    ]


def test_a_revision_that_had_converged_is_not_measured_again_by_a_new_control_process() -> None:
    progress, one, two = connected(["p2"]), snapshot(), snapshot()
    progress.done_before(1)
    progress.pushed(1, 10.0, [one], final=True, now=500)
    progress.settled(one, 501)
    assert told(progress, 502) == []
    assert progress.all_settled(502)
    push(progress, 2, two, now=510)
    progress.settled(two, 510.1)
    assert told(progress, 511) == [(2, "converged", [("p2", "synced", 100.0, "")])]


def test_nobody_waits_for_a_pod_that_is_gone() -> None:
    progress, a, b = connected(), snapshot(2), snapshot(3)
    push(progress, 1, a, b)
    progress.settled(a, 11)
    progress.removed("p3")
    assert told(progress, 11) == [(1, "converged", [("p2", "synced", 1000.0, "")])]


def test_a_revision_waits_for_the_pods_it_made() -> None:
    progress, old, new = connected(["p2"]), snapshot(2), snapshot(3)
    push(progress, 1, old, now=5)
    progress.settled(old, 5)
    told(progress, 5)
    push(progress, 2, new)
    assert told(progress, 11) == [(2, "pushed", [("p3", "pending", None, "")])]
    progress.connected("p3")
    progress.settled(new, 14)
    assert told(progress, 14) == [(2, "converged", [("p3", "synced", 4000.0, "")])]


def test_a_pod_made_before_the_revision_is_pushed_is_still_its_own() -> None:
    progress, new = connected(()), snapshot(3)
    push(progress, 1, now=1)
    progress.pushed(1, 1, [new], final=True, now=10.1)
    progress.pushed(2, 10, [], final=True, now=10.2)
    assert told(progress, 11)[-1] == (2, "pushed", [("p3", "pending", None, "")])


def test_pods_that_take_long_are_listed_and_counted_when_they_come() -> None:
    progress, a, b = connected(["p2"]), snapshot(2), snapshot(3)
    push(progress, 1, a, now=5)
    told(progress, 5)
    push(progress, 2, a, b)
    progress.settled(a, 10.5)
    late = 10 + STARTING_SECONDS + 1
    assert told(progress, late)[-1] == (
        2,
        "converged",
        [("p2", "synced", 500.0, ""), ("p3", "pending", None, "")],
    )
    progress.connected("p3")
    progress.settled(b, late + 1)
    assert told(progress, late + 1) == [
        (2, "converged", [("p2", "synced", 500.0, ""), ("p3", "synced", 22000.0, "")])
    ]


def test_a_pod_that_starts_anyway_holds_up_no_later_revision() -> None:
    progress, a, b = connected(["p2"]), snapshot(2), snapshot(3)
    push(progress, 1, a, now=5)
    push(progress, 1, b, now=6)
    push(progress, 2, a, now=10)
    progress.settled(a, 10.5)
    assert told(progress, 11)[-1] == (2, "converged", [("p2", "synced", 500.0, "")])


def test_who_answers_late_completes_a_partial_revision() -> None:
    progress, one = connected(["p2"]), snapshot()
    push(progress, 1, one)
    told(progress, 10 + PATIENCE_SECONDS + 1)
    progress.settled(one, 50)
    assert told(progress, 50) == [(1, "converged", [("p2", "synced", 40000.0, "")])]


def test_states_are_the_contracts() -> None:
    assert {"synced", "pending", "rejected", "disconnected"} == set(ProxyState)
    assert "converged" in set(RevisionState)


def test_what_a_killed_process_had_is_waited_for_where_it_comes_to() -> None:
    progress, a, b = connected(()), snapshot(2), snapshot(3)
    push(progress, 1, now=1.0)
    push(progress, 2, a, b, now=2.0)  # their pods are new, and come to the other process
    progress.others(("other",), frozenset({"p2", "p3"}), 3.0)
    a, b = snapshot(2), snapshot(3)
    push(progress, 3, a, b)
    assert told(progress, 10) == [(1, "converged", []), (2, "converged", []), (3, "converged", [])]

    # both are told of it here as soon as nobody else has them
    progress.connected("p2")
    progress.settled(a, 10.5)
    progress.others((), frozenset(), 14.0)
    awaited = [("p2", "synced", 500.0, ""), ("p3", "pending", None, "")]
    assert [one for one in told(progress, 14) if one[0] == 3] == [(3, "pushed", awaited)]
    progress.connected("p3")
    progress.settled(b, 14.5)
    everybody = [("p2", "synced", 500.0, ""), ("p3", "synced", 4500.0, "")]
    assert [one for one in told(progress, 15) if one[0] == 3] == [(3, "converged", everybody)]


def test_what_a_killed_process_had_is_not_waited_for_without_end() -> None:
    progress = connected(())
    progress.others(("other",), frozenset({"p2"}), 3.0)
    push(progress, 1, snapshot(2))
    assert told(progress, 10) == [(1, "converged", [])]
    progress.others((), frozenset(), 14.0)
    assert told(progress, 14) == [(1, "pushed", [("p2", "pending", None, "")])]
    assert told(progress, 14 + ARRIVAL_SECONDS) == [
        (1, "converged", [("p2", "disconnected", None, "")])
    ]
