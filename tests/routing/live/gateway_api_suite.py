"""The Gateway API's conformance cases: their documents, requests, and what answers must be."""

import asyncio
import json
import os
import re
import ssl
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import yaml

from routing.compile import Mesh
from routing.compile.gateway_status import Condition, GatewayStatus, RouteStatus
from routing.ir import GatewaySecret, ProxyConfig
from tests.routing.live.bridges import FRONT, around
from tests.routing.live.mesh import Answer, Request, Running, ask, compiled, running

DATA = Path(
    os.environ.get("MESHWEB_CONFORMANCE", Path(__file__).parents[4] / "shared" / "conformance")
).joinpath("gateway-api")
EXPECTED: dict[str, Any] = json.loads((DATA / "expected.json").read_text()) if DATA.exists() else {}
KINDS = (
    "Namespace",
    "Service",
    "Deployment",
    "Gateway",
    "HTTPRoute",
    "GRPCRoute",
    "TLSRoute",
    "TCPRoute",
    "ReferenceGrant",
    "ServiceAccount",
)
TIMES = 500
"""How often a request with shares is sent."""
ECHO = "gateway_api_conformance.echo_basic.grpcecho.GrpcEcho"
CODES = {code.name.replace("_", "").lower(): code for code in grpc.StatusCode}
Json = dict[str, Any]


def case_documents(name: str, *, grants: bool = True) -> list[Json]:
    """The case's documents, and a Deployment with an Envoy for every Gateway."""
    case = EXPECTED[name]
    base = "mesh-manifests.yaml" if case["mesh"] else "manifests.yaml"
    given = [(DATA / "base" / base).read_text(), (DATA / case["file"]).read_text()]
    documents = [d for text in given for d in yaml.safe_load_all(text) if d]
    made = [
        deployment(d["metadata"], [one["port"] for one in d["spec"]["listeners"]])
        for d in documents
        if d["kind"] == "Gateway"
    ]
    kept = [d for d in documents if d["kind"] in KINDS]
    return [d for d in (*kept, *made) if grants or d["kind"] != "ReferenceGrant"]


def deployment(metadata: Json, ports: list[int]) -> Json:
    labels = {"gateway.networking.k8s.io/gateway-name": metadata["name"]}
    container = {"name": "envoy", "ports": [{"containerPort": p} for p in dict.fromkeys(ports)]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": metadata["name"], "namespace": metadata["namespace"]},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {
                    "labels": labels,
                    "annotations": {"inject.istio.io/templates": "gateway"},
                },
                "spec": {"containers": [container]},
            },
        },
    }


def mesh_of(name: str, *, grants: bool = True) -> Mesh:
    """The case compiled; every certificate that it names is there."""
    documents = case_documents(name, grants=grants)
    named = {
        (one.get("namespace") or d["metadata"]["namespace"], one["name"])
        for d in documents
        if d["kind"] == "Gateway"
        for listener in d["spec"]["listeners"]
        for one in (listener.get("tls") or {}).get("certificateRefs") or ()
    }
    secrets = (
        GatewaySecret(name=secret, namespace=namespace, digest="sha256:0")
        for namespace, secret in sorted(named)
    )
    return compiled(*(yaml.safe_dump(d) for d in documents), secrets=tuple(secrets))


def conditions(mesh: Mesh) -> Iterator[Condition]:
    """Every condition of every object."""
    for _, status in mesh.statuses:
        if isinstance(status, RouteStatus):
            for parent in status.parents:
                yield from parent.conditions
        else:
            yield from status.conditions
        if isinstance(status, GatewayStatus):
            for listener in status.listeners:
                yield from listener.conditions


@dataclass(slots=True)
class Case:
    """One case under test: which requests it has, and what was not as it says."""

    name: str
    found: list[str] = field(default_factory=list)

    @property
    def mesh(self) -> bool:
        return bool(EXPECTED[self.name]["mesh"])

    async def run(self) -> list[str]:
        for grants in (True, False):
            mesh = mesh_of(self.name, grants=grants)
            configs = list(mesh.configs.values())
            by_proxy: dict[str, list[tuple[Json, Json]]] = {}
            for test in EXPECTED[self.name]["tests"]:
                for request in test.get("requests") or ():
                    if self.needs_grants(request) is grants:
                        config = config_for(configs, request, mesh=self.mesh)
                        by_proxy.setdefault(config.proxy.id, []).append((test, request))
            for proxy_id, own in by_proxy.items():
                config = next(c for c in configs if c.proxy.id == proxy_id)
                async with running(config, around(config)) as envoy:
                    for test, request in own:
                        await self.one(envoy, test, request)
        return self.found

    def needs_grants(self, request: Json) -> bool:
        """The suite takes the grants away before the last request of the case about them."""
        return not (self.name == "httproute-reference-grant" and request["status"] == [500])

    async def one(self, envoy: Running, test: Json, request: Json) -> None:
        envoy.forget()
        shares = test.get("weights")
        shadows = [m for m in request.get("mirroredTo") or () if m.get("percent") is not None]
        if shares:
            answers = [await sent(envoy, request, mesh=self.mesh) for _ in range(TIMES)]
            wrong = wrong_shares(envoy, shares, answers)
        elif shadows:
            answers = [await sent(envoy, request, mesh=self.mesh) for _ in range(TIMES)]
            await asyncio.sleep(0.2)
            wrong = wrong_shadows(envoy, shadows)
        else:
            wrong = wrong_answer(envoy, request, await sent(envoy, request, mesh=self.mesh))
            wrong += await missing_mirrors(envoy, request)
        self.found += [f"{request}: {one}" for one in wrong]


def config_for(configs: list[ProxyConfig], request: Json, *, mesh: bool) -> ProxyConfig:
    if not mesh:
        return next(c for c in configs if c.proxy.workload == request["gateway"])
    told = request.get("testCaseName", "")
    consumer = told.startswith("request from consumer")
    namespace = "gateway-conformance-mesh-consumer" if consumer else "gateway-conformance-mesh"
    return next(c for c in configs if c.proxy.namespace == namespace)


# --- requests ----------------------------------------------------------------------------------


async def sent(envoy: Running, request: Json, *, mesh: bool) -> Answer:
    called = next((key for key in request if re.fullmatch(r"echo\w*Request", key)), None)
    given = request.get("request") or {}
    if called is not None:
        told = request.get("requestMetadata") or {}
        method = f"/{ECHO}/{called[0].upper()}{called[1:].removesuffix('Request')}"
        return await call(envoy, method, told.get("authority", ""), told.get("metadata") or {})
    if given.get("protocol") == "grpc":
        return await call(envoy, f"/{ECHO}/Echo", given["host"], {})
    return await asked(envoy, request, given, mesh=mesh)


async def asked(envoy: Running, request: Json, given: Json, *, mesh: bool) -> Answer:
    named = {k.lower(): v for k, v in (given.get("headers") or {}).items()}
    headers = {k: v for k, v in named.items() if k != "host"}
    added = request.get("backendSetResponseHeaders")
    if added:
        headers["x-echo-set-header"] = ", ".join(f"{k}: {v}" for k, v in added.items())
    host = named.get("host") or given.get("host") or ("echo" if mesh else "example.org")
    path, method = given.get("path") or "/", given.get("method") or "GET"
    if mesh:
        if given.get("host") and named.get("host"):
            # who is dialled and who is named are two things; a proxy is told both
            path = f"http://{given['host']}{path}"
        return await envoy.ask(host, path, method=method, headers=headers)
    port = request.get("port") or given.get("port")
    gateways = envoy.config.gateways
    gateway = next((g for g in gateways if port in (None, g.port, str(g.port))), gateways[0])
    to: tuple[str, int] | str = (gateway.address, gateway.port)
    if "H2C" in given.get("protocol", ""):
        to = str(envoy.folder / FRONT)
    tls = trusting() if gateway.servers[0].tls_mode is not None else None
    return await ask(to, host, path, method=method, headers=headers, tls=tls)


def trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def call(envoy: Running, method: str, authority: str, metadata: dict[str, str]) -> Answer:
    """One gRPC call; its code is the answer's status, its message the text."""
    to = envoy.config.gateways[0] if envoy.config.gateways else envoy.config.outbound_http
    assert to is not None
    options = [("grpc.default_authority", authority)] if authority else []
    async with grpc.aio.insecure_channel(f"{to.address}:{to.port}", options=options) as channel:
        calling = channel.unary_unary(method, bytes, bytes)(
            b"", metadata=[(k.lower(), v) for k, v in metadata.items()], timeout=15
        )
        code = await calling.code()
        body = bytes(await calling) if code is grpc.StatusCode.OK else b""
        headers: dict[str, str] = {}
        for name, value in await calling.initial_metadata() or ():
            told = value if isinstance(value, str) else value.decode()
            headers[name] = f"{headers[name]},{told}" if name in headers else told
    return Answer(int(code.value[0]), headers, body)


# --- answers -----------------------------------------------------------------------------------


def statuses(request: Json) -> list[int]:
    """Those that will do: of HTTP, or of gRPC by name."""
    return [
        one if isinstance(one, int) else int(CODES[one.lower()].value[0])
        for one in request.get("status", [200])
    ]


def workloads(envoy: Running) -> dict[str, tuple[str, str]]:
    """(namespace, workload) by the name that an application answers with."""
    names = {
        f"{e.address}:{e.port}": (e.namespace, e.workload)
        for assigned in envoy.config.endpoints
        for e in assigned.endpoints
    }
    own = envoy.config.proxy
    mine = (p for p in envoy.got if p.partition(":")[0] == own.app_address)
    return names | dict.fromkeys(mine, (own.namespace, own.workload))


def seen_by(envoy: Running, workload: str) -> list[Request]:
    names = workloads(envoy)
    return [r for place, got in envoy.got.items() for r in got if names[place][1] == workload]


def wrong_shares(envoy: Running, shares: dict[str, float], answers: list[Answer]) -> list[str]:
    names = workloads(envoy)
    counted = Counter(names.get(a.text, ("", a.text))[1] for a in answers)
    return [
        f"{name} got {counted[name] / TIMES:.2f}, not {shares.get(name, 0)}"
        for name in {*shares, *counted}
        if abs(counted[name] / TIMES - shares.get(name, 0.0)) > 0.07
        or (shares.get(name) == 0 and counted[name])
    ]


def wrong_shadows(envoy: Running, shadows: list[Json]) -> list[str]:
    got = [(m, len(seen_by(envoy, m["backendRef"]["name"]))) for m in shadows]
    return [
        f"{m['backendRef']['name']} got {count} of {TIMES}, not {m['percent']} %"
        for m, count in got
        if abs(100 * count / TIMES - m["percent"]) > 7
    ]


async def missing_mirrors(envoy: Running, request: Json) -> list[str]:
    mirrors = [m["backendRef"]["name"] for m in request.get("mirroredTo") or ()]
    if mirrors:
        await asyncio.sleep(0.2)
    path = (request.get("expectedRequest") or {}).get("request", {}).get("path")
    return [
        f"{name} saw nothing of it"
        for name in mirrors
        if not any(path in (None, r.path) for r in seen_by(envoy, name))
    ]


def wrong_answer(envoy: Running, request: Json, answer: Answer) -> list[str]:
    """What is not as the case says."""
    found = []
    if answer.status not in statuses(request):
        found.append(f"status {answer.status}, not {request['status']}")
    backend = request.get("backend")
    if backend and answer.status in (0, 200):
        namespace, workload = workloads(envoy).get(answer.text, ("", answer.text))
        if workload != backend or (request.get("namespace") or namespace) != namespace:
            found.append(f"{namespace}/{workload} answered, not {backend}")
    got = next((g[-1] for place, g in envoy.got.items() if g and place == answer.text), None)
    if got is not None:
        found += wrong_request(request.get("expectedRequest") or {}, got)
    to = request.get("redirectRequest")
    if to:
        found += wrong_redirect(to, answer.headers.get("location", ""))
    return [*found, *wrong_response(request.get("response") or {}, answer)]


def wrong_request(wanted: Json, got: Request) -> Iterator[str]:
    """What the backend should not have seen so."""
    told = wanted.get("request") or {}
    for name, value in (told.get("headers") or {}).items():
        if got.headers.get(name.lower()) != value:
            yield f"the backend saw {name}: {got.headers.get(name.lower())}"
    for name in wanted.get("absentHeaders") or ():
        if name.lower() in got.headers:
            yield f"the backend saw {name}"
    path = told.get("path")
    if path and path not in (got.path, got.path.partition("?")[0]):
        yield f"the backend saw {got.path}"
    if told.get("host") and got.headers["host"] != told["host"]:
        yield f"the backend saw host {got.headers['host']}"
    if told.get("method") and got.method != told["method"]:
        yield f"the backend saw method {got.method}"


def wrong_response(wanted: Json, answer: Answer) -> Iterator[str]:
    for name, value in (wanted.get("headers") or {}).items():
        said = answer.headers.get(name.lower())
        values = [",".join(value)] if isinstance(value, list) else [value]
        if said is None or (isinstance(values[0], str) and not same(said, values)):
            yield f"answered {name}: {said}, not {value}"
    for name, values in (wanted.get("validHeaderValues") or {}).items():
        said = answer.headers.get(name.lower())
        if said is None or not same(said, values):
            yield f"answered {name}: {said}, not one of {values}"
    for name in wanted.get("absentHeaders") or ():
        if name.lower() in answer.headers:
            yield f"answered {name}"


def same(said: str, values: list[str]) -> bool:
    """Whether a header has one of the values; space after commas does not count."""
    return said.replace(" ", "") in {one.replace(" ", "") for one in values}


def wrong_redirect(to: Json, location: str) -> list[str]:
    scheme, _, rest = location.partition("://")
    place, slash, path = rest.partition("/")
    host, _, port = place.partition(":")
    given = {"scheme": scheme, "host": host, "port": port, "path": slash + path}
    return [
        f"redirected to {location}, not {to}"
        for key, value in to.items()
        if key in given and given[key] != value
    ]
