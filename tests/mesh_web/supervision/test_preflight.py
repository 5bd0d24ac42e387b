"""What stands in the way of a start is one sentence."""

import socket
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from mesh_web.supervision.preflight import (
    CannotStart,
    check_ports,
    claim_home,
    claim_pod_network,
    prepare_runtime_directory,
)


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


def test_a_runtime_directory_of_others_things_is_left_alone(
    tmp_path: Path, settings: Settings
) -> None:
    target = tmp_path / "precious"
    target.mkdir(mode=0o755)
    (target / "file.txt").write_text("kept")
    settings.RUNTIME_DIR = target
    with pytest.raises(CannotStart, match="holds other files"):
        prepare_runtime_directory()
    settings.RUNTIME_DIR = tmp_path / "link"
    settings.RUNTIME_DIR.symlink_to(target)
    with pytest.raises(CannotStart, match="is a link"):
        prepare_runtime_directory()
    assert (target / "file.txt").read_text() == "kept"


def test_stale_sockets_go_and_the_directory_becomes_private(
    tmp_path: Path, settings: Settings
) -> None:
    settings.RUNTIME_DIR = tmp_path / "run"
    settings.RUNTIME_DIR.mkdir(mode=0o755)
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(settings.RUNTIME_DIR / "s"))
    prepare_runtime_directory()
    assert list(settings.RUNTIME_DIR.iterdir()) == []
    assert settings.RUNTIME_DIR.stat().st_mode & 0o777 == 0o700


def test_two_copies_never_share_a_pod_network(settings: Settings) -> None:
    settings.POD_NETWORK = 251
    with claim_pod_network(), pytest.raises(CannotStart, match="MESHWEB_POD_NETWORK"):
        claim_pod_network()
    claim_pod_network().close()
