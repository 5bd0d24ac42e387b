"""However it ends, nothing is left; and it starts again quickly, as it was."""

import os
import signal

from tests.e2e import running
from tests.e2e.running import Running, alive
from tests.e2e.waiting import eventually

QUICK_SECONDS = 25.0


def test_kill_9_of_the_supervisor_leaves_nothing_running(mesh: Running) -> None:
    mesh.api.weights("reviews", v1=40, v2=30, v3=30)
    family = mesh.family()
    assert len(family) >= 10 + 12 + 14
    os.kill(mesh.process.pid, signal.SIGKILL)
    mesh.process.wait(5)
    eventually("nothing runs", lambda: alive(family) == set(), within=10)


def test_a_second_start_is_quick_and_remembers_and_sigterm_ends_it(mesh: Running) -> None:
    again = running.start(mesh.home)
    try:
        assert again.seconds_to_start < QUICK_SECONDS
        weights = again.api.get("/namespaces/shop/services/reviews/weights")
        family = again.family()
        again.process.send_signal(signal.SIGTERM)
        assert again.process.wait(15) == 0
        eventually("nothing runs", lambda: alive(family) == set(), within=5)
    finally:
        again.end()
    assert weights == {"v1": 40, "v2": 30, "v3": 30}
