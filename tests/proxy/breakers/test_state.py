"""What ejections and limits amount to."""

from proxy.breakers.state import Breaker, Circuit, Ejecting, State, breaker, circuit

POLICY = Ejecting(interval_ms=10_000, base_ms=30_000)
POD = "127.66.0.5:8080"


def test_an_ejected_endpoint_is_open_for_the_base_time_times_its_ejections_in_a_row() -> None:
    first = circuit(POD, [(100, True)], POLICY, now=110)
    assert first == Circuit(endpoint=POD, state=State.OPEN, since=100, until=130, ejections=1)
    second = circuit(POD, [(100, True), (130, False), (135, True)], POLICY, now=140)
    assert second == Circuit(endpoint=POD, state=State.OPEN, since=135, until=195, ejections=2)


def test_an_endpoint_that_is_back_is_half_open_until_its_ejections_are_forgotten() -> None:
    turns = [(100.0, True), (130.0, False), (135.0, True), (195.0, False)]
    assert circuit(POD, turns, POLICY, now=200) == Circuit(
        endpoint=POD, state=State.HALF_OPEN, since=195, until=215, ejections=2
    )
    after = circuit(POD, turns, POLICY, now=206)
    assert after is not None
    assert after.ejections == 1
    assert circuit(POD, turns, POLICY, now=216) is None


def test_ejections_that_are_forgotten_do_not_count_for_the_next() -> None:
    turns = [(100.0, True), (130.0, False), (150.0, True)]
    found = circuit(POD, turns, POLICY, now=151)
    assert found is not None
    assert (found.ejections, found.until) == (1, 180)


def test_an_ejection_lasts_at_most_the_longest_time() -> None:
    turns = [(float(at), at % 2 == 0) for at in range(40)]
    found = circuit(POD, turns[:-1], POLICY, now=40)
    assert found is not None
    assert found.until == 38 + 300


def test_an_endpoint_that_never_came_back_has_left_the_cluster() -> None:
    late = circuit(POD, [(100, True)], POLICY, now=144)
    assert late is not None
    assert late.overdue
    assert breaker((late,), {}, 144, counted=False).endpoints == ()
    assert circuit(POD, [], POLICY, now=144) is None


def test_while_envoy_counts_it_as_ejected_it_is_out_however_long_that_takes() -> None:
    late = circuit(POD, [(100, True)], POLICY, now=144)
    assert late == Circuit(
        endpoint=POD, state=State.OPEN, since=100, until=160, ejections=2, overdue=True
    )
    counts = {"membership_healthy": 0.0, "outlier_detection_ejections_active": 1.0}
    found = breaker((late,), counts, 144)
    assert (found.state, found.refusing, found.until) == (State.OPEN, True, 160)
    fresh = Circuit(endpoint="b", state=State.OPEN, since=140, until=170, ejections=1)
    assert breaker((late, fresh), counts, 144).endpoints == (fresh,)


def test_an_ejection_that_outlasts_what_was_reckoned_puts_the_number_right() -> None:
    turns = [(100.0, True), (161.0, False), (162.0, True)]
    found = circuit(POD, turns, POLICY, now=165)
    assert found is not None
    assert (found.ejections, found.until) == (3, 162 + 90)


def test_a_destination_without_ejections_or_refusals_is_closed() -> None:
    counts = {"membership_healthy": 2.0, "membership_total": 2.0}
    assert breaker((), counts, 100) == Breaker(
        state=State.CLOSED, refusing=False, since=None, until=None, endpoints=(), healthy=2, total=2
    )


def test_one_open_endpoint_opens_it_and_all_of_them_refuse() -> None:
    out = Circuit(endpoint=POD, state=State.OPEN, since=90, until=120, ejections=1)
    counts = {
        "membership_healthy": 1.0,
        "membership_total": 2.0,
        "outlier_detection_ejections_active": 1.0,
    }
    some = breaker((out,), counts, 100)
    assert (some.state, some.refusing, some.since, some.until) == (State.OPEN, False, 90, 120)
    assert breaker((out,), {**counts, "membership_healthy": 0.0}, 100).refusing


def test_a_limit_opens_it_while_it_turns_requests_away() -> None:
    counts = {"refused_since": 95.0, "refused_at": 98.0}
    now = breaker((), counts, 100)
    assert (now.state, now.refusing, now.since, now.until) == (State.OPEN, True, 95, None)
    assert breaker((), counts, 104).state is State.CLOSED
    reached = {"circuit_breakers_default_cx_open": 1.0}
    assert breaker((), reached, 100).state is State.CLOSED


def test_envoys_own_count_of_ejections_has_the_last_word() -> None:
    out = Circuit(endpoint=POD, state=State.OPEN, since=90, until=120, ejections=1)
    none = {"outlier_detection_ejections_active": 0.0}
    assert breaker((out,), none, 100).endpoints == ()
    assert breaker((out,), none, 92).endpoints == (out,)
    assert breaker((out,), {}, 100, counted=False).endpoints == (out,)
