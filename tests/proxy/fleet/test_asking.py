"""The installed Envoy is asked: one that starts for it, and one that waits already."""

import os
import signal
from pathlib import Path

from proxy.fleet.asking import Declined, Json, Standby, Taken, ask_envoy

GOOD: Json = {"static_resources": {"clusters": [{"name": "one", "type": "STATIC"}]}}
BAD: Json = {"static_resources": {"clusters": [{"name": "one", "type": "NOWHERE"}]}}


def waiting() -> list[int]:
    """The Envoys that we have started and not ended."""
    tasks = Path(f"/proc/{os.getpid()}/task").iterdir()
    return [int(one) for task in tasks for one in (task / "children").read_text().split()]


def test_an_envoy_that_waits_says_what_one_says_that_is_started_for_it() -> None:
    envoy = Standby()
    try:
        for bootstrap in (GOOD, BAD):
            envoy.prepare()
            (asked,) = waiting()
            assert envoy(bootstrap) == ask_envoy(bootstrap)
            assert asked not in waiting()
    finally:
        envoy.close()
    assert isinstance(ask_envoy(GOOD), Taken)
    assert isinstance(ask_envoy(BAD), Declined)


def test_a_configuration_larger_than_a_pipe_is_read_whole() -> None:
    many = [{"name": f"cluster-{index}", "type": "STATIC"} for index in range(2_000)]
    assert ask_envoy({"static_resources": {"clusters": many}}) == Taken()


def test_one_that_was_killed_while_it_waited_is_replaced() -> None:
    envoy = Standby()
    try:
        envoy.prepare()
        (asked,) = waiting()
        os.kill(asked, signal.SIGKILL)
        assert envoy(GOOD) == Taken()
    finally:
        envoy.close()


def test_nobody_waits_any_longer_once_it_is_closed() -> None:
    envoy = Standby()
    envoy.prepare()
    envoy.close()
    envoy.prepare()
    assert waiting() == []
