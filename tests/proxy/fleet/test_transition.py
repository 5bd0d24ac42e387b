"""A change of mTLS mode in steps: servers take both before clients act otherwise."""

from proxy.fleet.transition import Modes, Transition
from routing.compile.mtls import Overlap
from routing.ir import MtlsMode

KEY = ("shop", "reviews", 9080)
DISABLE, PERMISSIVE, STRICT = MtlsMode.DISABLE, MtlsMode.PERMISSIVE, MtlsMode.STRICT


def modes(mode: MtlsMode) -> Modes:
    return {KEY: mode}


def overlap(previous: MtlsMode, *, switched: bool) -> Overlap:
    return Overlap(
        namespace="shop",
        workload="reviews",
        port=9080,
        previous=previous,
        clients_switched=switched,
    )


def test_a_change_to_or_from_disable_goes_in_two_steps() -> None:
    change = Transition()
    assert change.begin(modes(DISABLE), modes(STRICT))
    assert change.overlaps() == {overlap(DISABLE, switched=False)}
    change.advance()
    assert change.overlaps() == {overlap(DISABLE, switched=True)}
    change.advance()
    assert not change.under_way


def test_clients_act_alike_for_permissive_and_strict() -> None:
    change = Transition()
    assert not change.begin(modes(PERMISSIVE), modes(STRICT))
    assert not change.begin(modes(STRICT), modes(PERMISSIVE))
    assert not change.under_way


def test_a_new_workload_has_nothing_to_change_from() -> None:
    change = Transition()
    assert not change.begin({}, modes(DISABLE))


def test_a_change_of_mind_starts_over_from_where_it_was() -> None:
    change = Transition()
    change.begin(modes(DISABLE), modes(STRICT))
    change.advance()
    assert change.begin(modes(STRICT), modes(DISABLE))
    assert change.overlaps() == {overlap(STRICT, switched=False)}
