"""A fleet of two real Envoys on this host: their keys, their applications, and control."""

import asyncio
import json
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import grpc
import grpc.aio

from proxy.ads.server import OPTIONS, AdsServer
from proxy.ads.session import Rejected
from proxy.agent import bootstrap
from proxy.agent.sds import SdsServer
from proxy.agent.svids import Identity
from proxy.identity import certificates, spiffe
from proxy.identity.certificates import KeyPair, Request
from proxy.xds import descriptors
from proxy.xds.snapshot import ProxySnapshot
from topology.contracts import Pod

DOMAIN = "cluster.local"
CONTROL_HOST = "127.93.1.1"
CONTROL_PORT = 16215


class Issuer(Protocol):
    """Who gives an Envoy its key and certificate."""

    def identity(self, account: str) -> Identity: ...


class Root:
    """A certificate authority in memory."""

    def __init__(self) -> None:
        self._key = certificates.new_key()
        self._root = certificates.make_root(DOMAIN, self._key, now=datetime.now(UTC))
        self.pem = certificates.certificate_pem(self._root)

    def issue(self, uri: str, *hosts: str) -> KeyPair:
        key = certificates.new_key()
        svid = certificates.issue(
            self._root,
            self._key,
            Request(uri, key.public_key()),
            now=datetime.now(UTC),
            hosts=hosts,
        )
        return KeyPair(certificate_pem=svid.certificate_pem, key_pem=certificates.key_pem(key))

    def identity(self, account: str) -> Identity:
        uri = spiffe.workload_id(DOMAIN, "shop", account)
        pair = self.issue(uri)
        return Identity(
            uri=uri,
            certificate_pem=pair.certificate_pem,
            key_pem=pair.key_pem,
            roots_pem=self.pem,
            not_before=time.time(),
            not_after=certificates.not_after(pair.certificate_pem).timestamp(),
        )


@dataclass(slots=True)
class Seen:
    """What the server said of its proxies, in order."""

    connections: list[str] = field(default_factory=list)
    settled_snapshots: list[ProxySnapshot] = field(default_factory=list)
    refusals: list[tuple[str, Rejected]] = field(default_factory=list)

    def connected(self, proxy_id: str, certificate_expires_at: float | None) -> None:
        assert certificate_expires_at is not None
        self.connections.append(proxy_id)

    def disconnected(self, proxy_id: str) -> None:
        pass

    def sent(self, proxy_id: str, type_url: str) -> None:
        pass

    def written(self, proxy_id: str, type_url: str, size: int, seconds: float) -> None:
        pass

    def faulty(self, proxy_id: str) -> None:
        pass

    def acknowledged(self, proxy_id: str, type_url: str, snapshot: ProxySnapshot | None) -> None:
        pass

    def settled(self, snapshot: ProxySnapshot) -> None:
        self.settled_snapshots.append(snapshot)

    def rejected(self, proxy_id: str, refusal: Rejected) -> None:
        self.refusals.append((proxy_id, refusal))


def admit(node_id: str, uris: tuple[str, ...]) -> str | None:
    """Node ids here carry the pod's name, which is its service account's."""
    account = node_id.split("~")[2].partition("-")[0]
    return None if uris == (spiffe.workload_id(DOMAIN, "shop", account),) else "not yours"


@asynccontextmanager
async def serving(
    root: Root,
    address: str,
    handler: grpc.GenericRpcHandler,  # type: ignore[type-arg]  # generic in stubs only
    *hosts: str,
) -> AsyncIterator[None]:
    """A gRPC server over mTLS with control's name; ends as if killed.

    gRPC waits for ever where a server that was not stopped is collected as garbage.
    """
    pair = root.issue(spiffe.control_id(DOMAIN), *hosts)
    server = grpc.aio.server(options=OPTIONS)
    try:
        server.add_generic_rpc_handlers((handler,))
        server.add_secure_port(
            address,
            grpc.ssl_server_credentials(
                [(pair.key_pem.encode(), pair.certificate_pem.encode())],
                root_certificates=root.pem.encode(),
                require_client_auth=True,
            ),
        )
        await server.start()
        yield
    finally:
        await server.stop(None)


@asynccontextmanager
async def control(root: Root, seen: Seen) -> AsyncIterator[AdsServer]:
    """Delta ADS over mTLS; ends as if killed."""
    ads = AdsServer(admit, seen)
    async with serving(root, f"{CONTROL_HOST}:{CONTROL_PORT}", ads.handler()):
        yield ads


@asynccontextmanager
async def envoy(
    pod: Pod, root: Issuer, account: str, control: str = f"{CONTROL_HOST}:{CONTROL_PORT}"
) -> AsyncIterator[Path]:
    """One Envoy with its own keys; gives its log."""
    with tempfile.TemporaryDirectory(prefix="mw") as name:
        folder = Path(name)
        sds = SdsServer(folder / "sds.sock")
        sds.offer(root.identity(account))
        await sds.start()
        around = bootstrap.Surroundings(
            control=control,
            collector="127.93.1.1:16216",
            trust_domain=DOMAIN,
            sds_socket=str(folder / "sds.sock"),
            admin_socket=str(folder / "admin.sock"),
            start="1",
        )
        config, log = folder / "envoy.json", folder / "log"
        config.write_text(json.dumps(bootstrap.bootstrap(pod, around)))
        try:
            with _running(config, log):
                yield log
        finally:
            await sds.stop()


@contextmanager
def _running(config: Path, log: Path) -> Iterator[None]:
    with log.open("w") as out:
        process = subprocess.Popen(
            [
                descriptors.installed_binary(),
                *("-c", config, "--concurrency", "1", "--disable-hot-restart"),
                *("--drain-strategy", "immediate", "-l", "warning"),
            ],
            stdout=out,
            stderr=out,
        )
        try:
            yield
        finally:
            process.kill()
            process.wait()


async def until(condition: object, seconds: float = 15.0) -> None:
    """Wait for `condition()` to be true."""
    assert callable(condition)
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        await asyncio.sleep(0.01)


async def get(host: str, port: int, authority: str, path: str = "/") -> tuple[int, str]:
    """One HTTP/1.1 request; 0 when there was no connection."""
    try:
        reader, writer = await asyncio.open_connection(host, port)
    except OSError:
        return 0, ""
    try:
        writer.write(
            f"GET {path} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n\r\n".encode()
        )
        answer = await asyncio.wait_for(reader.read(), 10)
    except OSError:
        return 0, ""
    finally:
        writer.close()
    head, _, body = answer.decode().partition("\r\n\r\n")
    return (int(head.split()[1]) if head else 0), body


@asynccontextmanager
async def application(host: str, port: int, name: str) -> AsyncIterator[list[str]]:
    """Answers every request with its name, /500 as an error and /slow after half a second; gives the
    requests it got."""
    got: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                got.append(head.decode().lower())
                await asyncio.sleep(0.5 if b"/slow " in head else 0)
                status, body = b"500 No" if b"/500 " in head else b"200 OK", name.encode()
                writer.write(
                    b"HTTP/1.1 %s\r\ncontent-length: %d\r\n\r\n%s" % (status, len(body), body)
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, host, port)
    try:
        yield got
    finally:
        server.close()
