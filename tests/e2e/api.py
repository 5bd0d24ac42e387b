"""The REST API and the load generator's endpoint, as tests use them."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import ProxyHandler, Request, build_opener

from tests.e2e.waiting import eventually

_opener = build_opener(ProxyHandler({}))


@dataclass(frozen=True, slots=True)
class Answer:
    """`body` is decoded JSON, or None where there was none."""

    status: int
    body: Any


def exchange(
    method: str, url: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> Answer:
    """One call. Raises OSError when there is no answer."""
    request = Request(url, body, headers or {}, method=method)  # noqa: S310  always loopback
    try:
        with _opener.open(request, timeout=20) as answer:
            return Answer(answer.status, _decoded(answer.read()))
    except HTTPError as refusal:
        with refusal:
            return Answer(refusal.code, _decoded(refusal.read()))


def _decoded(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Api:
    url: str
    token: str

    def call(self, method: str, path: str, body: object = None, **query: str | float) -> Answer:
        """`body` is YAML when it is text, else JSON."""
        headers = {"Authorization": f"Bearer {self.token}"}
        payload: bytes | None = None
        if isinstance(body, str):
            payload, headers["Content-Type"] = body.encode(), "application/yaml"
        elif body is not None:
            payload, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        asked = f"?{urlencode(query)}" if query else ""
        return exchange(method, f"{self.url}/api/v1{path}{asked}", payload, headers)

    def get(self, path: str, **query: str | float) -> Any:
        answer = self.call("GET", path, **query)
        assert answer.status == 200, (path, answer)
        return answer.body

    def items(self, path: str, **query: str | float) -> list[Any]:
        found: list[Any] = self.get(path, limit=1000, **query)["items"]
        return found

    def accepted(self, method: str, path: str, body: object = None, **query: str) -> Any:
        """A write that is taken, whether or not it has reached everyone yet."""
        answer = self.call(method, path, body, **query)
        assert answer.status in (200, 202, 204), answer
        return answer.body

    def write(self, method: str, path: str, body: object = None, seconds: float = 10) -> Any:
        """A write that must converge; answers with its result."""
        answer = self.call(method, path, body, wait="converged", timeout=f"{seconds:g}s")
        assert answer.status == 200, answer
        assert answer.body["state"] == "converged", answer
        return answer.body

    def apply(self, text: str, seconds: float = 10) -> Any:
        return self.write("POST", "/apply", text, seconds)

    def weights(self, service: str, seconds: float = 10, **weights: int) -> Any:
        path = f"/namespaces/shop/services/{service}/weights"
        return self.write("PUT", path, weights, seconds)

    def mtls(self, namespace: str, mode: str) -> Any:
        return self.write("PUT", f"/namespaces/{namespace}/mtls", {"mode": mode})

    def pods(self, workload: str, namespace: str = "shop") -> list[Any]:
        return self.items("/pods", namespace=namespace, workload=workload)

    def edges(self, window: str = "300s") -> dict[str, Any]:
        """The graph's edges by id."""
        return {edge["id"]: edge for edge in self.get("/graph", window=window)["edges"]}

    def trace(self, trace_id: str) -> Any:
        return self.get(f"/traces/{quote(trace_id)}")


@dataclass(frozen=True, slots=True)
class Visitors:
    """The load generator of the demo."""

    url: str

    def counts(self) -> Any:
        return exchange("GET", f"{self.url}/counts").body

    def rate(self, requests_per_second: float) -> None:
        body = json.dumps({"rate": requests_per_second}).encode()
        assert exchange("POST", f"{self.url}/rate", body).status == 200

    def pause(self) -> Any:
        """Stop sending, wait for the last answer; the final counts."""
        self.rate(0)

        def all_answered() -> Any:
            counts = self.counts()
            return counts if counts["total"]["in_flight"] == 0 else None

        return eventually("every visitor has an answer", all_answered, within=25)
