"""Debian's real `prometheus`, loaded with samples and asked over HTTP."""

import json
import shutil
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from metrics.promql.labels import NAME, Labels, without_name
from metrics.promql.labels import get as label
from tests.telemetry.stack import free_port

BINARY, TOOL = shutil.which("prometheus"), shutil.which("promtool")

Sample = tuple[int, float]
"""(milliseconds, value)"""


def open_metrics(series: Mapping[Labels, Sequence[Sample]]) -> str:
    lines = []
    for name in sorted({label(labels, NAME) for labels in series}):
        lines.append(f"# TYPE {name} unknown")
        for labels, samples in series.items():
            if label(labels, NAME) == name:
                shown = ",".join(f'{k}="{v}"' for k, v in without_name(labels))
                lines += [f"{name}{{{shown}}} {value!r} {t / 1000:.3f}" for t, value in samples]
    return "\n".join([*lines, "# EOF", ""]).replace(" nan ", " NaN ").replace("inf ", "Inf ")


class Prometheus:
    """Answers as the HTTP API's `data`, or the error's text."""

    def __init__(self, address: str, pid: int) -> None:
        self._address = address
        self.pid = pid

    def range(self, query: str, start: float, end: float, step: float) -> Any:
        return self._ask("query_range", {"query": query, "start": start, "end": end, "step": step})

    def instant(self, query: str, at: float) -> Any:
        return self._ask("query", {"query": query, "time": at})

    def _ask(self, what: str, words: Mapping[str, object]) -> Any:
        url = f"{self._address}/api/v1/{what}?{urllib.parse.urlencode(words)}"
        try:
            with urllib.request.urlopen(url, timeout=20) as answer:  # noqa: S310  loopback
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            with error:
                return str(json.load(error)["error"])


@contextmanager
def running(home: Path, text: str) -> Iterator[Prometheus]:
    assert BINARY
    assert TOOL
    metrics, data, config = home / "metrics.txt", home / "data", home / "prometheus.yml"
    metrics.write_text(text)
    config.write_text("global: {}\n")
    port = free_port()
    load = [TOOL, "tsdb", "create-blocks-from", "openmetrics", str(metrics), str(data)]
    subprocess.run(load, check=True, capture_output=True)
    words = [
        BINARY,
        f"--config.file={config}",
        f"--storage.tsdb.path={data}",
        "--storage.tsdb.retention.time=100y",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(words, stdout=log, stderr=log)
        try:
            _wait(f"http://127.0.0.1:{port}/-/ready", process)
            yield Prometheus(f"http://127.0.0.1:{port}", process.pid)
        finally:
            process.terminate()
            process.wait(10)


@contextmanager
def configured(home: Path, config: str, port: int = 0) -> Iterator[str]:
    """With a configuration of the test's own, and no data. Its address."""
    assert BINARY
    home.mkdir()
    port = port or free_port()
    (home / "prometheus.yml").write_text(config)
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                BINARY,
                f"--config.file={home}/prometheus.yml",
                f"--storage.tsdb.path={home}/data",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdout=log,
            stderr=log,
        )
        try:
            _wait(f"http://127.0.0.1:{port}/-/ready", process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(10)


def _wait(url: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=1):  # noqa: S310  loopback
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("prometheus did not become ready")
