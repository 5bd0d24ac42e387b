"""The store process: the embedded ClickHouse behind ClickHouse's own HTTP interface.

`python -m telemetry.store.server HOME --bind 127.0.0.1 --port 8123`. It imports no Django.
"""

import argparse
import base64
import binascii
import gzip
import hmac
import signal
import socket
import sys
import threading
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from telemetry.store.departures import Departures
from telemetry.store.engine import Answer, Engine, EngineError
from telemetry.store.password import store_password
from telemetry.store.statements import Refused, Statement, StatementKind, classify

BODY_LIMIT = 48 << 20
CONNECTION_LIMIT = 64
CONCURRENT_STATEMENTS = 4
CONCURRENT_READS = 3
"""Fewer: long reads must not keep what is written waiting."""
WAIT_SECONDS = 10.0
IDLE_SECONDS = 60.0
_GZIP = 16 + zlib.MAX_WBITS
_TOO_MANY_QUERIES = 202


class Refusal(Exception):  # noqa: N818  an HTTP answer, not a failure
    def __init__(self, status: int, message: str, code: int = 0) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class StoreServer(ThreadingHTTPServer):
    """A bounded number of connections, and of statements that run at the same time."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], engine: Engine, password: str) -> None:
        self.engine = engine
        self.password = password.encode()
        self.running = threading.BoundedSemaphore(CONCURRENT_STATEMENTS)
        self.reading = threading.BoundedSemaphore(CONCURRENT_READS)
        self.departures = Departures(engine.end)
        self._connections = threading.BoundedSemaphore(CONNECTION_LIMIT)
        super().__init__(address, Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._connections.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._connections.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exc_info()[1]
        if not isinstance(error, ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """GET /ping is open; everything else needs the password."""

    server: StoreServer
    protocol_version = "HTTP/1.1"
    wbufsize = 65536
    disable_nagle_algorithm = True
    timeout = IDLE_SECONDS

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's name
        """Say nothing: requests are many and statements may hold users' data."""

    def _serve(self) -> None:
        url = urlsplit(self.path)
        if url.path == "/ping":
            self._answer(200, b"Ok.\n")
            return
        try:
            self._authenticate()
            self._run(dict(parse_qsl(url.query, keep_blank_values=True)))
        except Refusal as refusal:
            self.close_connection = True  # an unread body may be left on the connection
            self._answer(refusal.status, f"{refusal}\n".encode(), code=refusal.code)
        except EngineError as error:
            self._answer(500, f"{error}\n".encode(), code=error.code)

    do_HEAD = do_GET  # noqa: N815  the base class finds methods by this name

    def _authenticate(self) -> None:
        given = self.headers.get("X-ClickHouse-Key", "").encode() or _basic_password(
            self.headers.get("Authorization", "")
        )
        if not hmac.compare_digest(given, self.server.password):
            raise Refusal(401, "Code: 516. Authentication failed", 516)

    def _run(self, query: Mapping[str, str]) -> None:
        body = self._body()
        statement, rows = _statement(query, body)
        output = statement.output or query.get("default_format") or "TabSeparated"
        with self._turn(statement), self._watched(statement) as tag:
            answer = self.server.engine.run(
                statement,
                output=output,
                body=rows,
                parameters={k[6:]: v for k, v in query.items() if k.startswith("param_")},
                settings=query,
                tag=tag,
            )
        self._answer(200, answer.body, output=output, written=answer)

    @contextmanager
    def _turn(self, statement: Statement) -> Iterator[None]:
        deadline = time.monotonic() + WAIT_SECONDS
        with ExitStack() as held:
            reads = statement.kind is StatementKind.READ
            for gate in (*((self.server.reading,) if reads else ()), self.server.running):
                if not gate.acquire(timeout=max(0.0, deadline - time.monotonic())):
                    raise Refusal(
                        503, "Code: 202. Too many simultaneous queries", _TOO_MANY_QUERIES
                    )
                held.callback(gate.release)
            yield

    @contextmanager
    def _watched(self, statement: Statement) -> Iterator[str]:
        """A read whose client leaves is ended; a write is finished."""
        if statement.kind is not StatementKind.READ:
            yield ""
            return
        with self.server.departures.watch(self.connection) as tag:
            yield tag

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            raise Refusal(411, "a Content-Length is needed")
        text = self.headers.get("Content-Length", "0")
        length = int(text) if text.isdecimal() else -1
        if not 0 <= length <= BODY_LIMIT:
            raise Refusal(413, f"a body has at most {BODY_LIMIT} bytes")
        body = self.rfile.read(length)
        encoding = self.headers.get("Content-Encoding", "")
        if encoding not in ("", "gzip"):
            raise Refusal(415, f"content encoding {encoding} is not known here")
        return _gunzip(body) if encoding else body

    def _answer(
        self,
        status: int,
        body: bytes,
        *,
        output: str = "",
        code: int = 0,
        written: Answer | None = None,
    ) -> None:
        zipped = len(body) > 4096 and "gzip" in self.headers.get("Accept-Encoding", "")
        if zipped:
            body = gzip.compress(body, 1)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-ClickHouse-Timezone", "UTC")
        if zipped:
            self.send_header("Content-Encoding", "gzip")
        if output:
            self.send_header("X-ClickHouse-Format", output)
        if code:
            self.send_header("X-ClickHouse-Exception-Code", str(code))
        if written:
            summary = f'{{"written_rows":"{written.written_rows}"}}'
            self.send_header("X-ClickHouse-Summary", summary)
        if status == 503:
            self.send_header("Retry-After", "1")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()


def _statement(query: Mapping[str, str], body: bytes) -> tuple[Statement, bytes]:
    """The statement is in the URL and the rows in the body, or both in the body."""
    if query.get("query"):
        text, rows = query["query"], body
    else:
        text, rows = body.decode(errors="replace"), b""
    found = classify(text)
    if isinstance(found, Refused):
        raise Refusal(403, f"Code: 497. Refused: {found.reason}", 497)
    if found.kind is not StatementKind.INSERT and query.get("query") and rows:
        found = classify(f"{text} {rows.decode(errors='replace')}")
        if isinstance(found, Refused):
            raise Refusal(403, f"Code: 497. Refused: {found.reason}", 497)
    return found, rows


def _basic_password(header: str) -> bytes:
    scheme, _, text = header.partition(" ")
    if scheme.lower() != "basic":
        return b""
    try:
        return base64.b64decode(text, validate=True).partition(b":")[2]
    except binascii.Error:
        return b""


def _gunzip(body: bytes) -> bytes:
    unzip = zlib.decompressobj(_GZIP)
    try:
        text = unzip.decompress(body, BODY_LIMIT + 1)
    except zlib.error as error:
        raise Refusal(400, f"the body is not gzip: {error}") from error
    if len(text) > BODY_LIMIT:
        raise Refusal(413, f"a body has at most {BODY_LIMIT} bytes")
    if not unzip.eof:
        raise Refusal(400, "the gzip body is cut short")
    return text


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="store")
    parser.add_argument("home", type=Path)
    parser.add_argument("--bind", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8123)
    parser.add_argument("--reserve", type=int, default=0, help="bytes of disk kept free")
    arguments = parser.parse_args(argv)
    password = store_password(arguments.home)
    engine = Engine(arguments.home / "store", reserve=arguments.reserve)
    try:
        server = StoreServer((arguments.bind, arguments.port), engine, password)
    except OSError as error:
        print(f"store: port {arguments.port} cannot be opened: {error.strerror}", flush=True)
        return 1

    def stop(_signal: int, _frame: object) -> None:
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    host, port = _bound(server.socket)
    print(f"store: serving {arguments.home / 'store'} on {host}:{port}", flush=True)
    server.serve_forever(poll_interval=0.2)
    for _ in range(CONCURRENT_STATEMENTS):  # let what runs finish, a little
        server.running.acquire(timeout=0.5)
    engine.close()
    return 0


def _bound(listener: socket.socket) -> tuple[str, int]:
    host, port = listener.getsockname()[:2]
    return str(host), int(port)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
