"""A change of mTLS mode in steps: servers take both before clients act otherwise."""

from hypothesis import given
from hypothesis import strategies as st

from proxy.fleet.steps import read, written
from proxy.fleet.transition import (
    Key,
    Modes,
    Stage,
    Standing,
    Standings,
    advance,
    aim,
    overlaps,
    under_way,
)
from routing.compile.mtls import Overlap
from routing.ir import MtlsMode

KEY: Key = ("shop", "reviews", 0)
PORT: Key = ("shop", "reviews", 9080)
DISABLE, PERMISSIVE, STRICT = MtlsMode.DISABLE, MtlsMode.PERMISSIVE, MtlsMode.STRICT
PLAIN, SECURE = Standing(mtls=False), Standing(mtls=True)


def modes(mode: MtlsMode) -> Modes:
    return {KEY: mode}


def overlap(previous: MtlsMode, *, switched: bool, port: int = 0) -> Overlap:
    return Overlap(
        namespace="shop",
        workload="reviews",
        port=port,
        previous=previous,
        clients_switched=switched,
    )


def test_a_change_to_or_from_disable_goes_in_two_steps() -> None:
    opening = aim({KEY: PLAIN}, modes(STRICT))
    assert overlaps(opening) == {overlap(DISABLE, switched=False)}
    assert aim(opening, modes(STRICT)) == opening
    switching = advance(opening)
    assert overlaps(switching) == {overlap(DISABLE, switched=True)}
    assert advance(switching) == {KEY: SECURE}


def test_clients_act_alike_for_permissive_and_strict() -> None:
    assert aim({KEY: SECURE}, modes(PERMISSIVE)) == aim({KEY: SECURE}, modes(STRICT))
    assert not under_way(aim({KEY: SECURE}, modes(PERMISSIVE)))


def test_a_new_workload_has_nothing_to_change_from_and_one_that_is_gone_is_forgotten() -> None:
    assert aim({}, modes(DISABLE)) == {KEY: PLAIN}
    assert aim({KEY: PLAIN}, {}) == {}


def test_a_change_of_mind_before_clients_were_told_is_no_change() -> None:
    opening = aim({KEY: PLAIN}, modes(STRICT))
    assert aim(opening, modes(DISABLE)) == {KEY: PLAIN}


def test_a_change_of_mind_while_clients_switch_has_them_switch_back_first() -> None:
    switching = advance(aim({KEY: PLAIN}, modes(STRICT)))
    back = aim(switching, modes(DISABLE))
    assert back == {KEY: Standing(mtls=False, stage=Stage.SWITCHING)}
    assert overlaps(back) == {overlap(STRICT, switched=True)}
    assert advance(back) == {KEY: PLAIN}


def test_a_port_that_is_set_apart_comes_from_its_workload_and_goes_back_to_it() -> None:
    both = {KEY: STRICT, PORT: DISABLE}
    apart = aim({KEY: SECURE}, both)
    assert overlaps(apart) == {overlap(STRICT, switched=False, port=9080)}
    apart = advance(advance(apart))
    assert apart == {KEY: SECURE, PORT: PLAIN}
    back = aim(apart, modes(STRICT))
    assert overlaps(back) == {overlap(DISABLE, switched=False, port=9080)}
    assert aim(advance(advance(back)), modes(STRICT)) == {KEY: SECURE}


def takes(standing: Standing, mode: MtlsMode) -> set[bool]:
    """What a server takes: mTLS, plain text, or both."""
    if standing.stage is not Stage.STABLE:
        return {True, False}
    return {DISABLE: {False}, STRICT: {True}, PERMISSIVE: {True, False}}[mode]


@given(st.lists(st.sampled_from([DISABLE, PERMISSIVE, STRICT, None])))
def test_no_client_ever_meets_a_server_that_does_not_take_it(acts: list[MtlsMode | None]) -> None:
    """None: everybody has taken the step. A client may be one step behind, and so may a server."""
    mode, standings = STRICT, aim({}, modes(STRICT))
    clients, servers = {True}, takes(standings[KEY], mode)
    for act in acts:
        if act is None:
            clients = {standings[KEY].mtls}
            servers = takes(standings[KEY], mode)
            standings = dict(advance(standings))
            standings = aim(standings, modes(mode))
        else:
            mode = act
            standings = aim(standings, modes(mode))
        clients |= {standings[KEY].mtls}
        servers &= takes(standings[KEY], mode)
        assert clients <= servers or mode is PERMISSIVE


def test_what_is_kept_is_read_again() -> None:
    kept: Standings = {KEY: SECURE, PORT: Standing(mtls=False, stage=Stage.OPENING)}
    assert read(written(kept)) == kept
