"""A small HTTP/1.1 server: routes in, one task a connection, an orderly end on SIGTERM."""

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, unquote, urlsplit

from demo.shop import trace_context
from demo.shop.client import UpstreamFailed
from demo.shop.messages import (
    BadMessage,
    Request,
    Response,
    error_response,
    json_response,
    read_body,
    read_head,
    response_bytes,
)

Handler = Callable[[Request], Awaitable[Response]]

GRACE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Route:
    """`path` may name parts in braces: `/products/{id}`."""

    method: str
    path: str
    handler: Handler

    def pattern(self) -> re.Pattern[str]:
        return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path))


def log_error(event: str, **details: object) -> None:
    """One line of JSON on standard output; services log only what went wrong."""
    sys.stdout.write(json.dumps({"level": "error", "event": event, **details}) + "\n")
    sys.stdout.flush()


def identity() -> dict[str, str]:
    """Who answers: said in every JSON answer, so that the page can show who made it."""
    return {"version": os.environ.get("VERSION", "v1"), "pod": os.environ.get("POD_NAME", "local")}


async def _healthz(_: Request) -> Response:
    return json_response({"status": "ok", **identity()})


class Application:
    """Routes and what surrounds every handler: trace context, 404, 405, errors as answers."""

    def __init__(self, routes: Iterable[Route]) -> None:
        every = (*routes, Route("GET", "/healthz", _healthz))
        self._routes = tuple((route, route.pattern()) for route in every)

    async def answer(self, request: Request) -> Response:
        trace_context.enter(request.headers)
        try:
            return await self._dispatch(request)
        except UpstreamFailed as failure:
            log_error("upstream failed", path=request.path, reason=str(failure))
            return error_response(504 if failure.status == 504 else 502, str(failure))
        except BadMessage as error:
            return error_response(400, str(error))
        except Exception as error:
            log_error("bug", path=request.path, reason=f"{type(error).__name__}: {error}")
            return error_response(500, "internal error")

    async def _dispatch(self, request: Request) -> Response:
        known_path = False
        method = "GET" if request.method == "HEAD" else request.method
        for route, pattern in self._routes:
            match = pattern.fullmatch(request.path)
            if match and route.method == method:
                params = {name: unquote(value) for name, value in match.groupdict().items()}
                return await route.handler(replace(request, params=params))
            known_path = known_path or match is not None
        if known_path:
            return error_response(405, f"{request.method} is not for {request.path}")
        return error_response(404, f"nothing at {request.path}")


class Server:
    """One listening socket. Connections are tasks; `stop` lets requests under way finish."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._connections: set[asyncio.Task[None]] = set()
        self._busy: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen, and say on which port (the free one that was found, when `port` is 0)."""
        self._server = await asyncio.start_server(self._serve, host, port, backlog=512)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._connections - self._busy:
            task.cancel()
        if self._busy:
            await asyncio.wait(self._busy, timeout=GRACE_SECONDS)
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await asyncio.sleep(0)  # sockets are closed in the loop's next turn

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  a connection callback is always a task
        self._connections.add(task)
        try:
            while await self._serve_one(task, reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client left, or we are stopping
        finally:
            self._connections.discard(task)
            self._busy.discard(task)
            writer.close()

    async def _serve_one(
        self,
        task: asyncio.Task[None],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> bool:
        """Answer one request. False when the connection is over."""
        try:
            start, headers = await read_head(reader)
            self._busy.add(task)
            request = _request(start, headers, await read_body(reader, headers))
        except BadMessage as error:
            response = error_response(400, str(error))
            writer.write(response_bytes(response, head_only=False, close=True))
            await writer.drain()
            return False
        response = await self._application.answer(request)
        close = headers.get("connection", "").lower() == "close"
        writer.write(response_bytes(response, head_only=request.method == "HEAD", close=close))
        await writer.drain()
        self._busy.discard(task)
        return not close


def _request(start: str, headers: dict[str, str], body: bytes) -> Request:
    parts = start.split(" ")
    if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
        raise BadMessage(f"not a request line: {start[:40]!r}")
    url = urlsplit(parts[1])
    return Request(
        method=parts[0],
        path=url.path or "/",
        query=dict(parse_qsl(url.query)),
        headers=headers,
        body=body,
    )


async def serve_until_terminated(application: Application, port: int) -> None:
    """Serve on HOST until SIGTERM or SIGINT."""
    server = Server(application)
    await server.start(os.environ.get("HOST", "127.0.0.1"), port)
    await terminated()
    await server.stop()


async def terminated() -> None:
    """Return when this process is asked to end."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)
    await asked.wait()


def main(*routes: Route, port: int | None = None) -> None:
    """Run one service, on PORT unless told otherwise."""
    number = int(os.environ.get("PORT", "8080")) if port is None else port
    asyncio.run(serve_until_terminated(Application(routes), number))
