"""The configuration's disk: a change is refused whole with a sentence, what is there is served on."""

import http.client
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.full_disk.small_disk import SmallDisk, mounted
from tests.mesh_web.backup.homes import Home
from tests.telemetry.stack import ROOT, eventually, listens

SENTENCE = (
    "The disk of the configuration database is full: nothing was changed. Make room on it, then try"
    " again; proxies keep what they have."
)


@dataclass(frozen=True, slots=True)
class Running:
    disk: SmallDisk
    port: int
    token: str
    control: "subprocess.Popen[bytes]"

    def ask(self, method: str, path: str, body: str = "") -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/yaml"}
            connection.request(method, f"/api/v1{path}", body=body.encode(), headers=headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def apply(self, number: int) -> tuple[int, Any]:
        ballast = "x" * 60_000
        document = f"""
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: one, namespace: shop, annotations: {{ballast: "{ballast}", number: "{number}"}}}}
spec: {{hosts: [one.example.com], ports: [{{number: 80, name: http, protocol: HTTP}}], resolution: DNS}}
"""
        return self.ask("POST", "/apply", document)

    def numbers(self) -> list[str]:
        """What the resource and the history say, newest first."""
        _, found = self.ask("GET", "/namespaces/shop/ServiceEntry/one")
        _, revisions = self.ask("GET", "/revisions?limit=200")
        number = re.findall(r'"number": "(\d+)"', json.dumps(found))
        return [*set(number), str(len(revisions["items"]))]


@pytest.fixture
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with mounted(tmp_path_factory.mktemp("small"), 48) as disk:
        home = Home(disk.path)
        home.done("prepare")
        home.stack.home.joinpath("run").mkdir(exist_ok=True, mode=0o700)
        broker = f"{disk.path}/run/broker.sock"
        home.more["MESHWEB_BROKER_URL"] = f"unix://{broker}"
        home.stack.start("broker", "-m", "mesh_web.broker", broker, f"{disk.path}/broker")
        processes = [
            subprocess.Popen(
                [sys.executable, "manage.py", name],
                cwd=ROOT,
                env=home.environment(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            for name in ("web", "control")
        ]
        token = (disk.path / "admin-token").read_text().strip()
        try:
            eventually(lambda: listens(8000 + home.offset), 240)
            eventually(lambda: listens(15010 + home.offset), 240)
            yield Running(disk, 8000 + home.offset, token, processes[1])
        finally:
            for process in processes:
                process.kill()
                process.wait()
            home.stop()


def test_a_change_is_refused_whole_and_the_rest_goes_on(running: Running) -> None:
    assert running.apply(0)[0] in (200, 202)
    running.disk.fill(but=700_000)  # small writes have some room for a while
    number = 0
    while True:
        status, answer = running.apply(number + 1)
        if status not in (200, 202):
            break
        number += 1
        running.disk.fill()
    assert (status, answer["code"], answer["message"]) == (503, "disk_full", SENTENCE)
    assert running.numbers() == [str(number), str(number + 1)]
    assert running.control.poll() is None
    running.disk.empty()
    eventually(lambda: running.apply(100)[0] in (200, 202), 60)
    assert running.numbers() == ["100", str(number + 2)]
    assert running.control.poll() is None
