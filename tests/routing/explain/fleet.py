"""A compiled mesh in real Envoys, one for each proxy, mTLS between them, without control.

Every request carries its number in header x-grid; each Envoy logs what it did to it.
"""

import asyncio
import json
import ssl
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from proxy.identity import certificates
from proxy.identity.certificates import Request as Signing
from proxy.xds import descriptors, static
from proxy.xds.options import Options
from proxy.xds.snapshot import Snapshots
from routing.compile import Mesh
from routing.ir import ProxyConfig
from tests.routing.live.mesh import Answer, headers_of, live, parsed_request
from topology.contracts import Pod, Registry

DOMAIN = "cluster.local"
KIND = "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog"
LOGGED = {
    "grid": "%REQ(X-GRID)%",
    "at": "%DOWNSTREAM_LOCAL_ADDRESS%",
    "status": "%RESPONSE_CODE%",
    "flags": "%RESPONSE_FLAGS%",
    "details": "%RESPONSE_CODE_DETAILS%",
    "route": "%ROUTE_NAME%",
    "cluster": "%UPSTREAM_CLUSTER_RAW%",
    "dry": "%DYNAMIC_METADATA(envoy.filters.http.rbac:shadow_effective_policy_id)%",
    "verdict": "%DYNAMIC_METADATA(envoy.filters.http.rbac:shadow_engine_result)%",
}
OUTSIDE = (("127.99.0.1", 18080), ("127.0.0.1", 18081))


@dataclass(slots=True)
class Fleet:
    """`logs` are the files of each proxy's access log by its id."""

    mesh: Mesh
    registry: Registry
    logs: dict[str, Path] = field(default_factory=dict)

    def logged(self) -> dict[tuple[str, str], dict[str, Any]]:
        """By the address that was asked ("address:port") and the number of the request."""
        return {
            (entry["at"], str(entry["grid"])): entry
            for path in self.logs.values()
            for entry in map(json.loads, path.read_text().splitlines())
        }


@asynccontextmanager
async def fleet(mesh: Mesh, registry: Registry) -> AsyncIterator[Fleet]:
    """All Envoys, all applications, and two servers outside the mesh."""
    made = Fleet(mesh=mesh, registry=registry)
    root = Root()
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mw")))
        for pod in registry.pods:
            address = pod.app_address if pod.sidecar else pod.address
            for port in pod.ports if not pod.gateway else ():
                name = f"{pod.namespace}/{pod.workload}"
                await stack.enter_async_context(application(address, port.number, name))
        for address, number in OUTSIDE:
            await stack.enter_async_context(application(address, number, f"{address}:{number}"))
        started = []
        for index, config in enumerate(mesh.configs.values()):
            place = folder / str(index)
            place.mkdir()
            made.logs[config.proxy.id] = place / "access"
            process = start(config, root, place)
            stack.callback(end, process)
            started.append(live(place / "admin.sock", process, place / "log"))
        await asyncio.gather(*started)
        yield made


def end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


class Root:
    """A certificate authority in memory."""

    def __init__(self) -> None:
        self._key = certificates.new_key()
        self._root = certificates.make_root(DOMAIN, self._key, now=datetime.now(UTC))
        self.pem = certificates.certificate_pem(self._root)

    def secrets(self, namespace: str, account: str) -> list[dict[str, Any]]:
        """What a proxy's agent would serve it over SDS."""
        return [
            self.certificate("default", namespace, account or "default"),
            {"name": "ROOTCA", "validation_context": {"trusted_ca": {"inline_string": self.pem}}},
        ]

    def certificate(self, name: str, namespace: str, account: str) -> dict[str, Any]:
        key = certificates.new_key()
        uri = f"spiffe://{DOMAIN}/ns/{namespace}/sa/{account}"
        svid = certificates.issue(
            self._root, self._key, Signing(uri, key.public_key()), now=datetime.now(UTC)
        )
        chain = {"inline_string": svid.certificate_pem}
        private = {"inline_string": certificates.key_pem(key)}
        return {
            "name": name,
            "tls_certificate": {"certificate_chain": chain, "private_key": private},
        }


def start(config: ProxyConfig, root: Root, folder: Path) -> subprocess.Popen[bytes]:
    snapshot = Snapshots(Options(access_log=False, trust_domain=DOMAIN)).snapshot(config)
    bootstrap = static.bootstrap([snapshot])
    del bootstrap["dynamic_resources"]
    resources = bootstrap["static_resources"]
    resources["secrets"] = [
        *root.secrets(config.proxy.namespace, config.proxy.service_account),
        *(root.certificate(one.name, "edge", one.name) for one in config.secrets),
    ]
    bootstrap["admin"] = {"address": {"pipe": {"path": str(folder / "admin.sock")}}}
    logger = {"@type": KIND, "path": str(folder / "access"), "log_format": {"json_format": LOGGED}}
    for part in parts(resources):
        part.pop("sds_config", None)
        if "http_filters" in part:
            part["access_log"] = [{"name": "file", "typed_config": logger}]
    (folder / "access").touch()
    (folder / "envoy.json").write_text(json.dumps(bootstrap))
    with (folder / "log").open("w") as log:
        return subprocess.Popen(
            [
                descriptors.installed_binary(),
                *("-c", folder / "envoy.json", "--concurrency", "1"),
                *("--disable-hot-restart", "-l", "warning", "--file-flush-interval-msec", "20"),
            ],
            stdout=log,
            stderr=log,
        )


def parts(value: Any) -> Iterator[dict[str, Any]]:
    """Every mapping inside."""
    if isinstance(value, dict):
        yield value
        for inner in list(value.values()):
            yield from parts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from parts(inner)


@asynccontextmanager
async def application(address: str, port: int, name: str) -> AsyncIterator[None]:
    """Answers every request with what it was asked, as JSON."""
    writers: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.add(writer)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                asked = parsed_request(head.decode("latin-1"))
                length = int(asked.headers.get("content-length", "0"))
                await reader.readexactly(length)
                body = json.dumps(
                    {"by": name, "path": asked.path, "headers": asked.headers}
                ).encode()
                writer.write(
                    b"HTTP/1.1 200 OK\r\nx-from: app\r\ncontent-length: %d\r\n\r\n" % len(body)
                )
                writer.write(b"" if asked.method == "HEAD" else body)
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            writer.close()
            writers.discard(writer)

    server = await asyncio.start_server(serve, address, port)
    try:
        yield
    finally:
        server.close()
        for writer in writers:
            writer.close()


async def ask(
    to: tuple[str, int],
    method: str,
    path: str,
    headers: list[tuple[str, str]],
    *,
    source: str = "",
    server_name: str = "",
) -> Answer | None:
    """None where the connection is closed without an answer. `server_name`: TLS, which asks for it."""
    local = (source, 0) if source else None
    tls = anyone() if server_name else None
    try:
        reader, writer = await asyncio.open_connection(
            *to, local_addr=local, ssl=tls, server_hostname=server_name or None
        )
    except OSError:
        return None
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
    try:
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 15)
        first, *rest = head.decode().split("\r\n")
        found = headers_of(rest)
        length = found.get("content-length")
        whole = method == "HEAD" or length is None
        body = b"" if whole else await asyncio.wait_for(reader.readexactly(int(length or 0)), 15)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    finally:
        writer.close()
    return Answer(int(first.split()[1]), found, body)


def anyone() -> ssl.SSLContext:
    """Whatever certificate the server has."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def pod_of(registry: Registry, workload: str) -> Pod:
    return next(pod for pod in registry.pods if pod.workload == workload)
