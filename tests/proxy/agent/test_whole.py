"""Control, keeper, agent, two applications and their Envoys: real processes, one small mesh.

The tests run in order on the same mesh; the last one takes it down.
"""

import contextlib
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from proxy.agent import control_client, host, svids
from proxy.agent.control_client import ControlClient, ControlRefused
from proxy.identity import certificates, spiffe

pytestmark = pytest.mark.envoy

PROJECT = Path(__file__).resolve().parents[3]
SERVER = """
import http.server, os
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        body = os.environ["POD_NAME"].encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
address = (os.environ["HOST"], int(os.environ["PORT"]))
http.server.ThreadingHTTPServer(address, Handler).serve_forever()
"""
DECLARE = """
from routing.contracts import Document, ResourceKey
from topology import facade
from proxy.identity import authority, join
def deployment(name):
    container = {"name": "c", "command": ["$(PYTHON)", "-c", SERVER], "ports": [{"containerPort": 8080}]}
    template = {
        "metadata": {"labels": {"app": name}},
        "spec": {"serviceAccountName": name, "containers": [container]},
    }
    spec = {"selector": {"matchLabels": {"app": name}}, "template": template}
    return Document(key=ResourceKey("Deployment", "t", name), api_version="apps/v1", spec=spec)
def service(name):
    spec = {"selector": {"app": name}, "ports": [{"name": "http", "port": 80, "targetPort": 8080}]}
    return Document(key=ResourceKey("Service", "t", name), api_version="v1", spec=spec)
facade.apply_manifests([make(n) for n in ("front", "back") for make in (deployment, service)])
authority.ensure()
print(join.create("local"))
"""
WITHDRAW = """
from routing.contracts import ResourceKey
from topology import facade
facade.delete_manifests([ResourceKey("Deployment", "t", n) for n in ("front", "back")])
"""


@dataclass
class Mesh:
    """Its processes by name, and what its database says of the pods."""

    home: Path
    env: dict[str, str]
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    token: str = ""

    @property
    def host(self) -> host.Host:
        return host.read(self.env)

    def manage(self, code: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", "shell", "-v", "0", "-c", f"SERVER = {SERVER!r}\n{code}"],
            cwd=PROJECT,
            env=self.env,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def start(self, name: str, *words: str, **env: str) -> None:
        with (self.home / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, *words],
                cwd=PROJECT,
                env={**self.env, **env},
                stdout=log,
                stderr=log,
            )

    def start_agent(self) -> None:
        token = self.home / "token"
        token.write_text(self.token)
        self.start("agent", "-m", "proxy.agent", MESHWEB_JOIN_TOKEN_FILE=str(token))

    def kill(self, name: str) -> None:
        self.processes[name].kill()
        self.processes[name].wait()

    def pods(self) -> dict[str, tuple[str, bool, int, int]]:
        """Workload -> phase, ready, restarts, proxy restarts."""
        with contextlib.closing(sqlite3.connect(self.home / "meshweb.sqlite3")) as database:
            rows = database.execute(
                "SELECT workload, phase, ready, restarts, proxy_restarts FROM topology_podrow"
            ).fetchall()
        return {name: (phase, bool(ready), a, b) for name, phase, ready, a, b in rows}

    def until(self, holds: Callable[[], bool], seconds: float = 20) -> None:
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, (self.pods(), self.logs())
            time.sleep(0.05)

    def all_ready(self) -> bool:
        pods = self.pods()
        return len(pods) == 2 and all(ready for _, ready, _, _ in pods.values())

    def logs(self) -> str:
        return "\n".join(f.read_text()[-2000:] for f in self.home.glob("*.log"))

    def pid(self, needle: str, *, program: str) -> int:
        """The process of this mesh with a word in its environment or arguments."""
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                argv = (entry / "cmdline").read_bytes().decode()
                env = (entry / "environ").read_bytes().decode()
                if f"MESHWEB_KEEPER={self.host.keeper_socket}" not in env:
                    continue
                if program in argv.split("\0")[0] and needle in env + argv:
                    return int(entry.name)
        raise AssertionError(f"no {program} with {needle}")

    def envoys(self) -> int:
        config = f"{self.host.runtime}/pods/"
        found = subprocess.run(["pgrep", "-fc", config], capture_output=True, check=False)
        return int(found.stdout)

    def get(self) -> str:
        """A request of the front's application to the back: the answering pod, or what went wrong."""
        network = self.env["MESHWEB_POD_NETWORK"]
        with contextlib.closing(sqlite3.connect(self.home / "meshweb.sqlite3")) as database:
            (ordinal,) = database.execute(
                "SELECT ordinal FROM topology_podrow WHERE workload = 'front'"
            ).fetchone()
        egress = f"http://127.{int(network) + 2}.0.{ordinal + 2}:15001"
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({"http": egress}))
        try:
            with opener.open("http://back.t/", timeout=5) as answer:
                return str(answer.read().decode()).rsplit("-", 2)[0]
        except (urllib.error.URLError, OSError) as error:
            return f"failed: {error}"


@pytest.fixture(scope="module")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mesh]:
    home = tmp_path_factory.mktemp("mesh")
    env = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "MESHWEB_HOME": str(home),
        "MESHWEB_PORT_OFFSET": str(free_offset()),
        "MESHWEB_POD_NETWORK": "190",
        "MESHWEB_BROKER_URL": f"unix://{home}/no-broker.sock",
    }
    mesh = Mesh(home, env)
    migrate = [sys.executable, "manage.py", "migrate", "-v", "0"]
    subprocess.run(migrate, cwd=PROJECT, env=env, check=True)
    mesh.token = mesh.manage(DECLARE).splitlines()[-1]
    mesh.start("keeper", "-m", "proxy.agent.keeper", str(mesh.host.keeper_socket))
    mesh.start("control", "manage.py", "control")
    mesh.start_agent()
    yield mesh
    for process in mesh.processes.values():
        process.terminate()
    for process in mesh.processes.values():
        process.wait(10)
    mesh.until(lambda: mesh.envoys() == 0, seconds=5)


def free_offset() -> int:
    for offset in range(7300, 7400, 10):
        with contextlib.ExitStack() as stack:
            try:
                for port in (15010, 15012):
                    probe = stack.enter_context(socket.socket())
                    probe.bind(("127.0.0.1", port + offset))
            except OSError:
                continue
            return offset
    raise AssertionError("no free ports")


def test_declared_workloads_run_and_reach_each_other(mesh: Mesh) -> None:
    mesh.until(mesh.all_ready)
    mesh.until(lambda: mesh.get() == "back")
    assert mesh.pods() == {
        "front": ("Running", True, 0, 0),
        "back": ("Running", True, 0, 0),
    }


def test_what_the_agent_keeps_on_the_host_is_private(mesh: Mesh) -> None:
    kept = [*mesh.host.own.iterdir(), *(mesh.host.runtime / "pods").iterdir()]
    assert {oct(path.stat().st_mode & 0o777) for path in kept} == {"0o600"}


def test_the_data_plane_serves_without_an_agent_and_the_next_one_adopts_it(mesh: Mesh) -> None:
    pids = [mesh.pid("POD_NAME=back", program="python"), mesh.envoys()]
    outcomes: Counter[str] = Counter()
    mesh.kill("agent")
    for _ in range(20):
        outcomes[mesh.get()] += 1
    mesh.start_agent()  # its token is used up: it comes back with its certificate
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline:
        outcomes[mesh.get()] += 1
        assert mesh.all_ready()
    assert set(outcomes) == {"back"}
    assert pids == [mesh.pid("POD_NAME=back", program="python"), mesh.envoys()]
    assert mesh.pods()["back"] == ("Running", True, 0, 0)


def test_the_data_plane_serves_without_control_and_its_return(mesh: Mesh) -> None:
    mesh.kill("control")
    assert {mesh.get() for _ in range(20)} == {"back"}
    mesh.start("control", "manage.py", "control")
    deadline = time.monotonic() + 4
    while time.monotonic() < deadline:
        assert mesh.get() == "back"


def test_a_killed_application_is_started_again_and_counted(mesh: Mesh) -> None:
    os.kill(mesh.pid("POD_NAME=back", program="python"), signal.SIGKILL)
    mesh.until(lambda: mesh.pods()["back"] == ("Running", True, 1, 0))
    mesh.until(lambda: mesh.get() == "back")


def test_a_killed_envoy_is_started_again_and_counted(mesh: Mesh) -> None:
    with contextlib.closing(sqlite3.connect(mesh.home / "meshweb.sqlite3")) as database:
        (uid,) = database.execute(
            "SELECT uid FROM topology_podrow WHERE workload = 'back'"
        ).fetchone()
    os.kill(mesh.pid(uid[:13], program="envoy"), signal.SIGKILL)
    mesh.until(lambda: mesh.pods()["back"] == ("Running", True, 1, 1))
    mesh.until(lambda: mesh.get() == "back")


def rotate(mesh: Mesh, word: str) -> None:
    """Start or abort a root rotation."""
    mesh.manage(
        "from django.utils import timezone; from proxy.identity import rotating; "
        f"assert rotating.{word} is None"
    )


def rotated(mesh: Mesh) -> tuple[str, ...]:
    """The phases that the last rotation has come to an end in, and the roots that are left."""
    with contextlib.closing(sqlite3.connect(mesh.home / "meshweb.sqlite3")) as database:
        (phase,) = database.execute(
            "SELECT phase FROM proxy_rootrotation ORDER BY id DESC LIMIT 1"
        ).fetchone()
        slots = database.execute("SELECT slot FROM proxy_certificateauthority").fetchall()
    return phase, *(str(slot) for (slot,) in slots)


def test_a_root_rotation_goes_by_itself_and_no_request_fails(mesh: Mesh) -> None:
    before, pids = mesh.host.roots.read_text(), mesh.envoys()
    outcomes: Counter[str] = Counter()
    rotate(mesh, "start('ann', timezone.now())")
    deadline = time.monotonic() + 30
    while rotated(mesh)[0] != "done":
        outcomes[mesh.get()] += 1
        assert time.monotonic() < deadline, (rotated(mesh), mesh.logs())
    for _ in range(20):
        outcomes[mesh.get()] += 1
    assert set(outcomes) == {"back"}
    assert rotated(mesh) == ("done", "2")
    mesh.until(lambda: mesh.host.roots.read_text() != before)
    assert mesh.host.roots.read_text().count("BEGIN") == 1
    assert mesh.envoys() == pids
    # control's servers, a restarted agent and a restarted Envoy go by the new root too
    mesh.kill("agent")
    mesh.start_agent()
    with contextlib.closing(sqlite3.connect(mesh.home / "meshweb.sqlite3")) as database:
        (uid,) = database.execute(
            "SELECT uid FROM topology_podrow WHERE workload = 'back'"
        ).fetchone()
    os.kill(mesh.pid(uid[:13], program="envoy"), signal.SIGKILL)
    mesh.until(lambda: mesh.pods()["back"] == ("Running", True, 1, 2))
    mesh.until(lambda: mesh.get() == "back")


def test_a_root_rotation_can_be_taken_back_and_outlives_every_process(mesh: Mesh) -> None:
    before = mesh.host.roots.read_text()
    mesh.kill("agent")  # nobody proves anything now
    rotate(mesh, "start('ann', timezone.now())")
    mesh.until(lambda: mesh.host.roots.read_text().count("BEGIN") == 2)
    mesh.kill("control")
    mesh.start("control", "manage.py", "control")
    assert rotated(mesh) == ("distributing", "2", "3")
    rotate(mesh, "proceed(timezone.now())")
    rotate(mesh, "abort(timezone.now())")
    assert rotated(mesh)[0] == "returning"
    mesh.start_agent()
    mesh.until(lambda: rotated(mesh) == ("aborted", "2"), seconds=30)
    mesh.until(lambda: mesh.host.roots.read_text() == before)
    assert {mesh.get() for _ in range(10)} == {"back"}


async def test_a_join_token_is_taken_once(mesh: Mesh) -> None:
    uri = spiffe.agent_id("cluster.local", "local")
    csr = certificates.request_pem(uri, certificates.new_key())
    here = mesh.host
    with pytest.raises(ControlRefused, match="unknown, used or expired"):
        await control_client.join(here.signing, here.roots, mesh.token, "local", csr)


@pytest.mark.parametrize(
    ("uri", "granted"),
    [
        ("spiffe://cluster.local/ns/t/sa/back", True),
        ("spiffe://cluster.local/ns/t/sa/somebody", False),
        ("spiffe://cluster.local/ns/meshweb-system/sa/control", False),
        ("spiffe://cluster.local/agent/local", False),
        ("spiffe://elsewhere/ns/t/sa/back", False),
    ],
)
async def test_an_agent_gets_only_identities_of_its_own_pods(
    mesh: Mesh, uri: str, granted: bool
) -> None:
    client = ControlClient(mesh.host.control)
    client.identify(*own_identity(mesh))
    csr = certificates.request_pem(uri, certificates.new_key())
    try:
        if granted:
            assert certificates.lifetime((await client.sign(csr)).certificate_pem).uri == uri
        else:
            with pytest.raises(ControlRefused, match="is not yours"):
                await client.sign(csr)
    finally:
        await client.close()


async def test_a_workload_cannot_speak_as_an_agent(mesh: Mesh) -> None:
    agent = ControlClient(mesh.host.control)
    agent.identify(*own_identity(mesh))
    workload, _ = await svids.obtain("spiffe://cluster.local/ns/t/sa/back", agent.sign)
    await agent.close()
    client = ControlClient(mesh.host.control)
    client.identify(workload.roots_pem, workload.certificate_pem, workload.key_pem)
    with pytest.raises(ControlRefused, match="only agents may call this"):
        await client.report([])
    await client.close()


def own_identity(mesh: Mesh) -> tuple[str, str, str]:
    """The agent's own roots, certificate and key, as it keeps them."""
    identity = svids.read_identity(
        (mesh.host.own / "identity.pem").read_text(),
        spiffe.agent_id("cluster.local", "local"),
        mesh.host.roots.read_text(),
        now=time.time(),
    )
    assert identity is not None
    return identity.roots_pem, identity.certificate_pem, identity.key_pem


def test_the_keepers_end_is_survived_too(mesh: Mesh) -> None:
    mesh.kill("keeper")
    mesh.until(lambda: mesh.envoys() == 0)
    mesh.until(lambda: not any(ready for _, ready, _, _ in mesh.pods().values()))
    mesh.start("keeper", "-m", "proxy.agent.keeper", str(mesh.host.keeper_socket))
    mesh.until(mesh.all_ready)
    mesh.until(lambda: mesh.get() == "back")


def test_what_is_no_longer_declared_ends_and_leaves_nothing(mesh: Mesh) -> None:
    mesh.manage(WITHDRAW)
    mesh.until(lambda: mesh.pods() == {})
    mesh.until(lambda: mesh.envoys() == 0)
    assert list((mesh.host.runtime / "pods").iterdir()) == []
