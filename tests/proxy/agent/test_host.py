"""The agent and Django read the same environment in the same way."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from proxy.agent import host

PROJECT = Path(__file__).resolve().parents[3]
PRINT = """
import json
from mesh_web import settings as s
print(json.dumps([str(s.HOME), str(s.RUNTIME_DIR), s.PORT_OFFSET, s.CONTROL_ADDRESS,
    s.SIGNING_ADDRESS, s.COLLECTOR_ADDRESS, s.TRUST_DOMAIN]))
"""


@pytest.mark.parametrize(
    "name", ["h", "a-home-with-a-path-so-long-that-no-socket-could-live-in-it"]
)
def test_the_agent_finds_what_control_and_the_supervisor_mean(tmp_path: Path, name: str) -> None:
    env = {
        "MESHWEB_HOME": str(tmp_path / name),
        "MESHWEB_PORT_OFFSET": "1300",
        "MESHWEB_TRUST_DOMAIN": "mesh.example",
        "PATH": "",
    }
    told = subprocess.run(
        [sys.executable, "-c", PRINT], env=env, cwd=PROJECT, capture_output=True, check=True
    )
    own = host.read(env)
    assert json.loads(told.stdout) == [
        str(own.home),
        str(own.runtime),
        own.port_offset,
        own.control,
        own.signing,
        own.collector,
        own.trust_domain,
    ]


def test_applications_get_none_of_our_secrets() -> None:
    given = host.for_applications(
        {"MESHWEB_SECRET_KEY": "s", "MESHWEB_DATABASE_URL": "d", "HOME": "/h", "PATH": "/bin"}
    )
    assert given == {
        "HOME": "/h",
        "PATH": f"{Path(sys.executable).parent}:/bin",
        "PYTHON": sys.executable,
        "PYTHONPATH": str(PROJECT),
        "PYTHONUNBUFFERED": "1",
    }


def test_the_agent_needs_no_django() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", "import proxy.agent.agent, sys; print('django' in sys.modules)"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert loaded.stdout == "False\n"
