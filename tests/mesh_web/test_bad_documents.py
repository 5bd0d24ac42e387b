"""Documents made to hurt, sent to a real web process and by the real command line: refused, memory flat."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
ROUNDS = 4
MOST_GROWTH_KB = 40_000
FAR_TOO_LARGE = 5_000_000


def route(spec: str) -> str:
    return (
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\n"
        f"metadata: {{name: bad, namespace: shop}}\nspec: {spec}\n"
    )


def laughing(depth: int = 12) -> str:
    """Each line holds nine of the line before."""
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, depth)]
    return route("\n  " + "\n  ".join(lines))


def regex(expression: str) -> str:
    match = json.dumps([{"uri": {"regex": expression}}])
    return route(
        f"{{hosts: [a], http: [{{match: {match}, route: [{{destination: {{host: a}}}}]}}]}}"
    )


BAD = {
    "a YAML bomb": (laughing(), 422),
    "a key twice": (route("{hosts: [a], hosts: [b]}"), 422),
    "10 MB": (route("{hosts: [" + "a" * 10_000_000 + "]}"), 413),
    "just over the limit of a document": (route("{hosts: [" + "a" * 1_100_000 + "]}"), 413),
    "nested 5,000 deep": (route("[" * 5_000 + "]" * 5_000), 422),
    "NaN": (route("{hosts: [a], http: [{route: [{destination: {host: a}, weight: .nan}]}]}"), 422),
    "infinity": (route("{hosts: [a], http: [{timeout: .inf}]}"), 422),
    "wrong types": (route("{hosts: {a: 1}, http: 7, exportTo: [[1]]}"), 422),
    "a list for a document": ("- 1\n- 2\n", 422),
    "an expression that RE2 does not take": (regex("(?=a)b"), 422),
    "an expression that repeats without measure": (regex("(a{1000}){1000}"), 422),
    "a very long expression": (regex("a" * 50_000), 422),
    "bytes that are no text": ("\udcff\udcfe: 1", 400),
}


@dataclass(frozen=True)
class Web:
    port: int
    token: str
    pid: int
    home: Path

    def send(self, text: str) -> tuple[int, object]:
        """Of what is far too large the head only: the server does not read the rest."""
        body = text.encode("utf-8", "surrogateescape")
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.putrequest("POST", "/api/v1/apply")
            connection.putheader("Authorization", f"Bearer {self.token}")
            connection.putheader("Content-Type", "application/yaml")
            connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body if len(body) < FAR_TOO_LARGE else None)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def memory_kb(self) -> int:
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(
            next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]
        )


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    home = tmp_path_factory.mktemp("web")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        offset = probe.getsockname()[1] % 9_000
    env = {
        "PATH": os.environ["PATH"],
        "MESHWEB_HOME": str(home),
        "MESHWEB_PORT_OFFSET": str(offset),
        "MESHWEB_LOG_LEVEL": "WARNING",
    }
    run = [sys.executable, "manage.py"]
    subprocess.run([*run, "migrate", "-v", "0"], cwd=PROJECT, env=env, check=True)
    made = subprocess.run(
        [*run, "token", "create", "--role", "operator", "--name", "ci"],
        cwd=PROJECT, env=env, check=True, capture_output=True, text=True,
    )  # fmt: skip
    process = subprocess.Popen([*run, "web"], cwd=PROJECT, env=env)
    try:
        running = Web(
            port=8000 + offset,
            token=made.stdout.split()[-1],
            pid=process.pid,
            home=home,
        )
        deadline = time.monotonic() + 60
        while not _answers(running):
            assert time.monotonic() < deadline
            time.sleep(0.2)
        yield running
    finally:
        process.terminate()
        process.wait(15)


def _answers(web: Web) -> bool:
    try:
        web.send("")
    except OSError:
        return False
    return True


@pytest.mark.parametrize("what", BAD)
def test_what_is_made_to_hurt_is_refused_with_a_finding(web: Web, what: str) -> None:
    text, status = BAD[what]
    began = time.monotonic()
    answered, body = web.send(text)
    assert answered == status, body
    assert isinstance(body, dict)
    assert body["code"]
    if status == 422:
        assert body["findings"]
        assert all(one["code"] and one["message"] for one in body["findings"])
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("what", BAD)
def test_the_command_line_says_the_same(web: Web, what: str, tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_bytes(BAD[what][0].encode("utf-8", "surrogateescape"))
    done = subprocess.run(
        [sys.executable, "-m", "mesh_web.command_line", "apply", "-f", str(file)],
        cwd=PROJECT,
        env={
            "PATH": os.environ["PATH"],
            "MESHWEB_URL": f"http://127.0.0.1:{web.port}",
            "MESHWEB_TOKEN": web.token,
        },
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode in (1, 2), done
    assert done.stderr
    assert "Traceback" not in done.stderr


def test_memory_stays_flat(web: Web) -> None:
    for text, _ in BAD.values():  # what is loaded once is loaded
        web.send(text)
    before = web.memory_kb()
    for _ in range(ROUNDS):
        for text, _ in BAD.values():
            web.send(text)
    assert web.memory_kb() - before < MOST_GROWTH_KB
