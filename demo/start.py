"""Brings the shop into a running Meshweb: waits for it, makes a certificate, applies manifests."""

import base64
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, Request, build_opener

import yaml
from django.conf import settings

from demo.certificate import self_signed
from demo.processes import LOAD_CONTROL_PORT

MANIFESTS = Path(__file__).parent / "manifests"
SHOP_NAME = "shop.localhost"
WEB_SECONDS = 30.0
SHOP_SECONDS = 60.0

Report = Callable[[str], None]
Manifest = dict[str, Any]

_opener = build_opener(ProxyHandler({}))  # the user's proxy is not for loopback


class DemoFailed(Exception):  # noqa: N818  a sentence for the user
    """The shop could not be brought up; the message says why."""


def apply_demo(api_url: str, token: str, report: Report = print) -> None:
    """Apply the shop and wait until its pods are ready. Raises DemoFailed.

    Again is harmless: manifests that have been applied before, and have not changed since, are
    left as the user has steered them.
    """
    api = Api(api_url, token)
    api.wait_until_ready()
    documents = [*manifests(), tls_secret(settings.HOME / "demo-tls")]
    digest = hashlib.sha256(json.dumps(documents).encode()).hexdigest()
    applied = settings.HOME / "demo-applied"
    if not (applied.exists() and applied.read_text() == digest and api.pods()[1]):
        outcome = api.apply(documents)
        report(f"the shop's {len(documents)} manifests are applied, revision {outcome['revision']}")
        applied.write_text(digest)
    end = time.monotonic() + SHOP_SECONDS
    told = -1
    while time.monotonic() < end:
        ready, total = api.pods()
        if ready != told:
            report(f"{ready} of {total} pods are ready")
            told = ready
        if total and ready == total:
            _let_visitors_in()
            return
        time.sleep(0.25)
    raise DemoFailed(f"after {SHOP_SECONDS:.0f} s only {ready} of {total} pods are ready")


def _let_visitors_in() -> None:
    """Tell the load generator that the shop is open; it may not be running."""
    port = LOAD_CONTROL_PORT + settings.PORT_OFFSET
    request = Request(f"http://127.0.0.1:{port}/open", b"", method="POST")
    with suppress(OSError), _opener.open(request, timeout=5):
        pass


def manifests() -> Iterator[Manifest]:
    """The shop's manifests: namespaces and the mesh's own first, then by file name.

    The carrier listens on this copy's port, so the manifest's port is shifted as all ports are.
    """
    for path in sorted(MANIFESTS.glob("*.yaml"), key=lambda p: (p.name != "mesh.yaml", p.name)):
        for document in yaml.safe_load_all(path.read_text()):
            yield _on_our_ports(document)


def _on_our_ports(document: Manifest) -> Manifest:
    if document["kind"] != "ServiceEntry":
        return document
    spec = document["spec"]
    endpoints = [
        {**e, "ports": {name: port + settings.PORT_OFFSET for name, port in e["ports"].items()}}
        for e in spec["endpoints"]
    ]
    return {**document, "spec": {**spec, "endpoints": endpoints}}


def tls_secret(directory: Path) -> Manifest:
    """The ingress gateway's certificate as a Secret; made once, kept in `directory` (0700)."""
    certificate, key = directory / "tls.crt", directory / "tls.key"
    if not (certificate.exists() and key.exists()):
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        pem = self_signed(SHOP_NAME)
        for path, content in ((key, pem.key), (certificate, pem.certificate)):
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as f:
                f.write(content)
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "shop-tls", "namespace": "istio-ingress"},
        "type": "kubernetes.io/tls",
        "data": {
            "tls.crt": base64.b64encode(certificate.read_bytes()).decode(),
            "tls.key": base64.b64encode(key.read_bytes()).decode(),
        },
    }


class Api:
    """The few REST calls that the demo makes."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url.rstrip("/")
        self._token = token

    def wait_until_ready(self) -> None:
        end = time.monotonic() + WEB_SECONDS
        while True:
            try:
                with _opener.open(f"{self._url}/readyz", timeout=2):
                    return
            except OSError as error:  # URLError and HTTPError are OSErrors
                if time.monotonic() > end:
                    raise DemoFailed(f"{self._url} does not answer: {error}") from error
                time.sleep(0.1)

    def apply(self, documents: list[Manifest]) -> Any:
        """Apply as one revision. Raises DemoFailed with the findings when it is refused."""
        text = yaml.safe_dump_all(documents, sort_keys=False)
        status, answer = self._call(
            "POST", "/api/v1/apply?message=The+sample+shop", text.encode(), "application/yaml"
        )
        if status not in (200, 202):
            findings = answer.get("findings", [])
            why = "; ".join(f"{f['resource']} {f['path']}: {f['message']}" for f in findings)
            raise DemoFailed(f"the manifests were refused: {why or answer.get('message', status)}")
        return answer

    def pods(self) -> tuple[int, int]:
        """How many pods are ready, of how many."""
        _, answer = self._call("GET", "/api/v1/pods?limit=1000")
        items = answer.get("items", [])
        return sum(1 for pod in items if pod["ready"]), len(items)

    def pods_of(self, namespace: str, workload: str) -> list[Any]:
        _, answer = self._call("GET", f"/api/v1/pods?namespace={namespace}&workload={workload}")
        return list(answer.get("items", []))

    def _call(
        self, method: str, path: str, body: bytes | None = None, content_type: str = ""
    ) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self._token}"}
        if content_type:
            headers["Content-Type"] = content_type
        request = Request(f"{self._url}{path}", body, headers, method=method)  # noqa: S310  loopback
        try:
            with _opener.open(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except HTTPError as refusal:
            with refusal:
                return refusal.code, _json_or_nothing(refusal.read())
        except URLError as error:
            raise DemoFailed(f"{self._url} does not answer: {error.reason}") from error


def _json_or_nothing(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return {}
