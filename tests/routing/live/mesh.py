"""One proxy of a compiled mesh in a real Envoy, without control: what it does to requests.

Meshes here switch mTLS off, for a static Envoy has no keys to wait for.
"""

import asyncio
import json
import re
import ssl
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from proxy.xds import descriptors, static
from proxy.xds.options import Options
from proxy.xds.snapshot import Snapshots
from routing.compile import Mesh, compile_mesh
from routing.ir import ClusterKind, GatewaySecret, MeshTls, ProxyConfig
from tests.routing import mesh as meshes

GRPC = "application/grpc"
Amend = Callable[[dict[str, Any], Path], set[tuple[str, int]]]
PLAIN = """\
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: istio-system}
spec: {mtls: {mode: DISABLE}}
"""


def compiled(*texts: str, secrets: tuple[GatewaySecret, ...] = ()) -> Mesh:
    return compile_mesh(replace(meshes.mesh_input(PLAIN, *texts), secrets=secrets))


def proxy(mesh: Mesh, workload: str) -> ProxyConfig:
    return next(c for c in mesh.configs.values() if c.proxy.workload == workload)


@dataclass(slots=True)
class Request:
    """What an application was asked."""

    method: str
    path: str
    headers: dict[str, str]


@dataclass(slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass(slots=True)
class Running:
    """An Envoy and the applications behind it; `got` has their requests by "address:port"."""

    config: ProxyConfig
    folder: Path = Path()
    got: dict[str, list[Request]] = field(default_factory=dict)

    async def ask(
        self,
        host: str,
        path: str = "/",
        *,
        method: str = "GET",
        headers: dict[str, str] | None = None,
        to: tuple[str, int] | None = None,
    ) -> Answer:
        """One request through the egress port, or at another address of the proxy."""
        if to is None:
            egress = self.config.outbound_http
            assert egress is not None
            to = (egress.address, egress.port)
        return await ask(to, host, path, method=method, headers=headers)

    def asked(self) -> dict[str, int]:
        return {place: len(requests) for place, requests in self.got.items() if requests}

    def forget(self) -> None:
        for requests in self.got.values():
            requests.clear()


Answering = Callable[[str, int, Running], AbstractAsyncContextManager[object]]


@asynccontextmanager
async def running(
    config: ProxyConfig, amend: Amend | None = None, answering: Answering | None = None
) -> AsyncIterator[Running]:
    """The proxy in a real Envoy; every address that its clusters know answers with its name.

    `amend` changes the bootstrap, given a folder for sockets, and says which places it serves
    itself. `answering` is what else than HTTP applications the addresses have.
    """
    config = replace(
        config,
        clusters=tuple(
            replace(c, tls=None) if isinstance(c.tls, MeshTls) else c for c in config.clusters
        ),
    )
    made = Running(config=config)
    places = {(e.address, e.port) for assigned in config.endpoints for e in assigned.endpoints} | {
        (e.address, e.port)
        for c in config.clusters
        if c.kind is ClusterKind.STATIC
        for e in c.endpoints
    }
    own = {(one.address, one.port) for one in config.inbound} | {
        (one.address, one.port) for one in config.gateways
    }
    snapshot = Snapshots(Options(access_log=False)).snapshot(config)
    bootstrap = static.bootstrap([snapshot])
    del bootstrap["dynamic_resources"]
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mw")))
        made.folder = folder
        amended = amend(bootstrap, folder) if amend is not None else set()
        for address, port in sorted(places - own):
            if (address, port) in amended:
                name = f"{address}:{port}"
                await stack.enter_async_context(serving(name, made, socket=str(folder / name)))
            elif address.startswith("127."):
                await stack.enter_async_context((answering or application)(address, port, made))
        admin = folder / "admin.sock"
        bootstrap["admin"] = {"address": {"pipe": {"path": str(admin)}}}
        (folder / "envoy.json").write_text(json.dumps(bootstrap))
        with (folder / "log").open("w") as log:
            process = subprocess.Popen(
                [
                    descriptors.installed_binary(),
                    *("-c", folder / "envoy.json", "--concurrency", "1"),
                    *("--disable-hot-restart", "-l", "warning"),
                ],
                stdout=log,
                stderr=log,
            )
        try:
            await live(admin, process, folder / "log")
            yield made
        finally:
            process.kill()
            process.wait()


async def live(admin: Path, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 15
    while True:
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < end, log.read_text()
        try:
            reader, writer = await asyncio.open_unix_connection(str(admin))
            writer.write(b"GET /ready HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            said = await reader.read()
            writer.close()
        except OSError:
            said = b""
        if b"LIVE" in said:
            return
        await asyncio.sleep(0.02)


def application(
    address: str, port: int, made: Running
) -> AbstractAsyncContextManager[asyncio.Server]:
    return serving(f"{address}:{port}", made, address=address, port=port)


@asynccontextmanager
async def serving(
    name: str, made: Running, *, socket: str = "", address: str = "", port: int = 0
) -> AsyncIterator[asyncio.Server]:
    """Answers every HTTP/1.1 request with its name, "address:port".

    `?delay=1s` waits first; header x-echo-set-header adds "name: value, ..." to the answer. gRPC
    calls (their messages without frames) are answered with the headers they came with.
    """
    got = made.got.setdefault(name, [])
    writers: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.add(writer)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                request = parsed_request(head.decode())
                await skip_body(reader, request.headers)
                got.append(request)
                delay = re.search(r"[?&]delay=([0-9.]+)s", request.path)
                await asyncio.sleep(float(delay[1]) if delay else 0)
                lines = ["HTTP/1.1 200 OK", "x-from: app", f"content-length: {len(name)}"]
                lines += extra_headers(request)
                writer.write(("\r\n".join(lines) + f"\r\n\r\n{name}").encode())
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            writer.close()
            writers.discard(writer)

    if socket:
        server = await asyncio.start_unix_server(serve, socket)
    else:
        server = await asyncio.start_server(serve, address, port)
    try:
        yield server
    finally:
        server.close()
        for writer in writers:
            writer.close()


NOT_ECHOED = ("host", "content-length", "transfer-encoding", "te", "connection")


def extra_headers(request: Request) -> list[str]:
    """What an answer has for this request."""
    wanted = request.headers.get("x-echo-set-header", "").split(",")
    found = [one.strip() for one in wanted if one.strip()]
    if request.headers.get("content-type") == GRPC:
        given = {k: v for k, v in request.headers.items() if k not in NOT_ECHOED}
        found += [f"{name}: {value}" for name, value in given.items()]
    return found


async def skip_body(reader: asyncio.StreamReader, headers: dict[str, str]) -> None:
    if headers.get("transfer-encoding") == "chunked":
        while size := int(await reader.readuntil(b"\r\n"), 16):
            await reader.readexactly(size + 2)
        await reader.readuntil(b"\r\n")
    else:
        await reader.readexactly(int(headers.get("content-length", "0")))


def parsed_request(head: str) -> Request:
    first, *lines = head.split("\r\n")
    method, path, _ = first.split(" ", 2)
    return Request(method, path, headers_of(lines))


def headers_of(lines: list[str]) -> dict[str, str]:
    """Lower-case names; repeated ones are joined by commas."""
    found: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            key = name.strip().lower()
            found[key] = f"{found[key]},{value.strip()}" if key in found else value.strip()
    return found


async def ask(
    to: tuple[str, int] | str,
    host: str,
    path: str = "/",
    *,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    tls: ssl.SSLContext | None = None,
) -> Answer:
    """`to` is an address and port, or a socket's path; with `tls` the host is the server's name."""
    if isinstance(to, str):
        reader, writer = await asyncio.open_unix_connection(to)
    else:
        named = host if tls is not None else None
        reader, writer = await asyncio.open_connection(*to, ssl=tls, server_hostname=named)
    lines = [f"{method} {path} HTTP/1.1", f"host: {host}", "connection: close"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    try:
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 15)
        first, *rest = head.decode().split("\r\n")
        found = headers_of(rest)
        # Envoy keeps the connection for a second after answers of its own
        length = found.get("content-length")
        body = await (reader.read() if length is None else reader.readexactly(int(length)))
    finally:
        writer.close()
    return Answer(int(first.split()[1]), found, body)
