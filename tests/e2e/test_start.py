"""What the demo says and does when it starts."""

import subprocess
import sys

from tests.e2e.running import ROOT, Running, process_environment


def test_the_demo_starts_and_every_pod_is_ready(mesh: Running) -> None:
    pods = mesh.api.items("/pods")
    assert len(pods) == 14
    assert all(pod["ready"] and pod["restarts"] == 0 for pod in pods), pods
    proxies = mesh.api.items("/proxies")
    assert len(proxies) == 14
    assert all(proxy["connected"] for proxy in proxies), proxies


def test_the_login_link_works_once(mesh: Running, cookie: str) -> None:
    assert cookie.startswith("meshweb_session_")
    again = subprocess.run(
        ["curl", "-s", "-o", "/dev/null", "-D", "-", "--noproxy", "*", mesh.link],
        check=True,
        capture_output=True,
        text=True,
    )
    assert "meshweb_session_" not in again.stdout


def test_a_second_start_in_the_same_home_is_refused_in_one_sentence(mesh: Running) -> None:
    second = subprocess.run(
        [sys.executable, "manage.py", "demo"],
        cwd=ROOT,
        env=process_environment(mesh.home),
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert second.returncode == 1
    assert second.stderr.startswith(f"meshweb: Meshweb is already running in {mesh.home}")
    assert second.stderr.count("\n") == 1
