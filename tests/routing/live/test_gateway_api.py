"""The Gateway API's own conformance cases, through real Envoys, where their data is present."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from routing.compile import Mesh
from routing.compile.gateway_status import Condition, GatewayStatus, RouteStatus
from routing.ir import ProxyConfig
from tests.routing.live.mesh import Answer, Running, compiled, running

pytestmark = pytest.mark.envoy

DATA = Path(
    os.environ.get("MESHWEB_CONFORMANCE", Path(__file__).parents[4] / "shared" / "conformance")
).joinpath("gateway-api")
EXPECTED: dict[str, Any] = json.loads((DATA / "expected.json").read_text()) if DATA.exists() else {}
HTTP_CASES = sorted(
    name
    for name, case in EXPECTED.items()
    if not name.rpartition("/")[2].startswith("grpcroute")
    and any(test.get("requests") for test in case["tests"])
)
CONDITION_CASES = sorted(
    name for name, case in EXPECTED.items() if any(test.get("conditions") for test in case["tests"])
)
H2C = {"httproute-backend-protocol-h2c"}


def texts(name: str) -> list[str]:
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
    return [yaml.safe_dump(d) for d in (*kept, *made)]


KINDS = [
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
]


def deployment(metadata: dict[str, Any], ports: list[int]) -> dict[str, Any]:
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


def skipped(name: str, request: dict[str, Any]) -> bool:
    """What a static Envoy cannot show, and where we differ on purpose."""
    if "https-listener" in request.get("gateway", ""):
        return True  # its certificate is made while the suite runs
    if name == "httproute-reference-grant" and request["status"] == [500]:
        return True  # after the grant has been taken away
    if name == "mesh/httproute-named-rule" and request["request"]["path"] == "/unnamed":
        return True  # says that the backend sees another path than was sent
    named = {header.lower() for header in request["request"].get("headers") or {}}
    # the egress port routes by Host, not by the address that was dialled
    return name == "mesh/mesh-frontend" and "host" in named


def config_for(configs: list[ProxyConfig], request: dict[str, Any], *, mesh: bool) -> ProxyConfig:
    if not mesh:
        return next(c for c in configs if c.proxy.workload == request["gateway"])
    told = request.get("testCaseName", "")
    consumer = told.startswith("request from consumer")
    namespace = "gateway-conformance-mesh-consumer" if consumer else "gateway-conformance-mesh"
    return next(c for c in configs if c.proxy.namespace == namespace)


async def sent(envoy: Running, request: dict[str, Any], *, mesh: bool) -> Answer:
    given = request["request"]
    named = {k.lower(): v for k, v in (given.get("headers") or {}).items()}
    headers = {k: v for k, v in named.items() if k != "host"}
    added = request.get("backendSetResponseHeaders")
    if added:
        headers["x-echo-set-header"] = ", ".join(f"{k}: {v}" for k, v in added.items())
    host = named.get("host") or given.get("host") or ("echo" if mesh else "example.org")
    to = None if mesh else (envoy.config.gateways[0].address, envoy.config.gateways[0].port)
    return await envoy.ask(
        host,
        given.get("path") or "/",
        method=given.get("method") or "GET",
        headers=headers,
        to=to,
    )


def wrong(envoy: Running, request: dict[str, Any], answer: Answer) -> list[str]:
    """What is not as the case says."""
    found = []
    if answer.status not in request.get("status", [200]):
        found.append(f"status {answer.status}, not {request['status']}")
    backend = request.get("backend")
    names = {
        f"{e.address}:{e.port}": (e.namespace, e.workload)
        for a in envoy.config.endpoints
        for e in a.endpoints
    }
    own = envoy.config.proxy
    names |= {
        p: (own.namespace, own.workload)
        for p in envoy.got
        if p.partition(":")[0] == own.app_address
    }
    if backend and answer.status == 200:
        namespace, workload = names.get(answer.text, ("", answer.text))
        if workload != backend or request.get("namespace", namespace) != namespace:
            found.append(f"{namespace}/{workload} answered, not {backend}")
    asked = next((g[-1] for place, g in envoy.got.items() if g and place == answer.text), None)
    wanted = request.get("expectedRequest", {})
    told = wanted.get("request", {})
    if asked is not None:
        for name, value in (told.get("headers") or {}).items():
            if asked.headers.get(name.lower()) != value:
                found.append(f"the backend saw {name}: {asked.headers.get(name.lower())}")
        found.extend(
            f"the backend saw {name}"
            for name in wanted.get("absentHeaders") or ()
            if name.lower() in asked.headers
        )
        if told.get("path") and asked.path.partition("?")[0] != told["path"]:
            found.append(f"the backend saw {asked.path}")
        if told.get("host") and asked.headers["host"] != told["host"]:
            found.append(f"the backend saw host {asked.headers['host']}")
    to = request.get("redirectRequest")
    if to:
        found.extend(wrong_redirect(to, answer.headers.get("location", "")))
    response = request.get("response") or {}
    for name, value in (response.get("headers") or {}).items():
        if name.lower() not in response_headers(answer) or (
            isinstance(value, str) and answer.headers[name.lower()] != value
        ):
            found.append(f"answered {name}: {answer.headers.get(name.lower())}, not {value}")
    found.extend(
        f"answered {name}"
        for name in response.get("absentHeaders") or ()
        if name.lower() in answer.headers
    )
    return found


def response_headers(answer: Answer) -> set[str]:
    return set(answer.headers)


def wrong_redirect(to: dict[str, Any], location: str) -> list[str]:
    scheme, _, rest = location.partition("://")
    place, slash, path = rest.partition("/")
    host, _, port = place.partition(":")
    given = {"scheme": scheme, "host": host, "port": port, "path": slash + path}
    return [
        f"redirected to {location}, not {to}"
        for key, value in to.items()
        if key in given and given[key] != value
    ]


@pytest.mark.asyncio
@pytest.mark.parametrize("name", [n for n in HTTP_CASES if n not in H2C])
async def test_requests_go_where_the_case_says(name: str) -> None:
    case = EXPECTED[name]
    configs = list(compiled(*texts(name)).configs.values())
    found: list[str] = []
    requests = [r for test in case["tests"] for r in test.get("requests") or ()]
    by_proxy: dict[str, list[dict[str, Any]]] = {}
    for request in requests:
        if skipped(name, request):
            continue
        config = config_for(configs, request, mesh=case["mesh"])
        by_proxy.setdefault(config.proxy.id, []).append(request)
    for proxy_id, own in by_proxy.items():
        config = next(c for c in configs if c.proxy.id == proxy_id)
        async with running(config) as envoy:
            for request in own:
                envoy.forget()
                answer = await sent(envoy, request, mesh=case["mesh"])
                found += [f"{request}: {w}" for w in wrong(envoy, request, answer)]
    assert found == []


@pytest.mark.parametrize("name", CONDITION_CASES)
def test_routes_get_the_conditions_of_the_case(name: str) -> None:
    mesh = compiled(*texts(name))
    got = {(c.type, str(c.status), c.reason) for c in conditions(mesh)}
    wanted = {
        (c["type"], c["status"], c.get("reason", c["type"]))
        for test in EXPECTED[name]["tests"]
        for c in test["conditions"]
    }
    assert wanted - got == set()


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
