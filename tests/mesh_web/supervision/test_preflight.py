"""What stands in the way of a start is one sentence."""

import socket
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from mesh_web.supervision.preflight import CannotStart, check_ports, claim_home


def test_a_second_run_in_the_same_home_is_refused(tmp_path: Path, settings: Settings) -> None:
    settings.HOME = tmp_path
    with claim_home(), pytest.raises(CannotStart, match=r"already running in .*Ctrl-C"):
        claim_home()
    claim_home().close()


def test_a_taken_port_is_named_with_its_owner() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        with pytest.raises(CannotStart, match=rf"Port {number} \(web\) .* taken by .*process \d+"):
            check_ports({"web": ("127.0.0.1", number)})
    check_ports({"web": ("127.0.0.1", number)})
