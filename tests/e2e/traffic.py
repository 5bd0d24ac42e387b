"""Requests through the ingress gateway, sent by the tests themselves."""

import asyncio
import json
from collections import Counter
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from demo.shop.client import read_response
from demo.shop.messages import Response, request_bytes

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run in a thread of its own: the browser's driver owns this thread's event loop."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


@dataclass(frozen=True, slots=True)
class Ingress:
    port: int

    def get(self, path: str, **headers: str) -> Response:
        return run(self._one("GET", path, headers))

    def post(self, path: str, **headers: str) -> Response:
        return run(self._one("POST", path, headers))

    def post_form(self, path: str, form: str, **headers: str) -> Response:
        return run(self._one("POST", path, headers, form.encode()))

    def burst(self, path: str, count: int, concurrency: int = 16) -> list[Response]:
        """`count` requests, `concurrency` at a time, over kept connections. None is repeated."""
        return run(self._burst(path, count, concurrency))

    def reviews_split(self, count: int) -> Counter[str]:
        """Which versions of reviews served `count` requests; every one must succeed."""
        answers = self.burst("/api/products/lamp", count)
        assert Counter(a.status for a in answers) == {200: count}
        return Counter(json.loads(a.body)["served"]["reviews"]["version"] for a in answers)

    async def _one(
        self, method: str, path: str, headers: dict[str, str], body: bytes = b""
    ) -> Response:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            return await self._ask(reader, writer, method, path, headers, body)
        finally:
            writer.close()

    async def _ask(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes = b"",
    ) -> Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        writer.write(request_bytes(method, path, {"host": "shop.localhost", **named}, body))
        async with asyncio.timeout(20):
            response, _ = await read_response(reader)
        return response

    async def _burst(self, path: str, count: int, concurrency: int) -> list[Response]:
        left = iter(range(count))
        answers: list[Response] = []

        async def visitor() -> None:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            answers.extend([await self._ask(reader, writer, "GET", path, {}) for _ in left])
            writer.close()

        await asyncio.gather(*(visitor() for _ in range(concurrency)))
        return answers
