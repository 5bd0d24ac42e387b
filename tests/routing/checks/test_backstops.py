"""What is said of Fallbacks and Suspends."""

import pytest

from routing.checks.check import CheckInput, check
from routing.parse import parse_yaml
from tests.routing.mesh import documents, registry, resource, service

EJECTING = "{host: %s, trafficPolicy: {outlierDetection: {}}}"
SHOP = "\n---\n".join(
    [
        *(service("reviews"), service("ratings")),
        *(service(name, "name: tcp, port: 3306") for name in ("db", "copy")),
        *(resource("DestinationRule", name, EJECTING % name) for name in ("reviews", "ratings")),
    ]
)
EJECTING_DB = resource("DestinationRule", "db", EJECTING % "db")
LIMITED_DB = EJECTING_DB.replace(
    "outlierDetection: {}",
    "outlierDetection: {}, connectionPool: {tcp: {maxConnections: 9}}",
)
RPC = service("rpc", "name: grpc, port: 80")
GATEWAY = service("edge").replace("app: edge", "istio: ingressgateway")


def ours(kind: str, name: str, spec: str) -> str:
    return resource(kind, name, spec).replace("networking.istio.io/v1", "meshweb.dev/v1")


def fallback(spec: str, name: str = "a") -> str:
    return ours("Fallback", name, spec)


def suspend(spec: str, name: str = "a") -> str:
    return ours("Suspend", name, spec)


BODY = "response: {body: sorry}"
A, B = "Fallback shop/a", "Fallback shop/b"


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        ([fallback(f"{{host: reviews, {BODY}}}")], []),
        ([fallback(f"{{host: nobody, {BODY}}}")], [("KIA1101", A, "spec.host")]),
        ([fallback(f"{{host: reviews, subset: v9, {BODY}}}")], [("KIA1107", A, "spec.subset")]),
        ([fallback(f"{{host: db, {BODY}}}")], [("MSH1150", A, "spec.host")]),
        ([fallback("{host: db, routes: [x], destination: {host: copy}}")],
         [("MSH1150", A, "spec.host"), ("MSH1152", A, "spec.destination")]),
        ([fallback("{host: db, destination: {host: reviews}}")],
         [("MSH1151", A, "spec.destination"), ("MSH1152", A, "spec.destination")]),
        ([EJECTING_DB, fallback("{host: db, destination: {host: copy}}")], []),
        ([LIMITED_DB, fallback("{host: db, destination: {host: copy}}")], [("MSH1153", A, "spec.host")]),
        ([fallback("{host: reviews, destination: {host: nobody}}")],
         [("KIA1101", A, "spec.destination.host")]),
        ([fallback("{host: reviews, destination: {host: ratings, port: {number: 99}}}")],
         [("MSH1102", A, "spec.destination.port.number")]),
        ([RPC, fallback("{host: reviews, destination: {host: rpc}}")],
         [("MSH1151", A, "spec.destination")]),
        ([fallback(f"{{host: reviews, {BODY}}}"), fallback(f"{{host: reviews.shop.svc.cluster.local, {BODY}}}", "b")],
         [("MSH1145", B, "spec.host")]),
        ([fallback(f"{{host: reviews, routes: [x], {BODY}}}"), fallback(f"{{host: reviews, routes: [y], {BODY}}}", "b")], []),
        ([fallback("{host: reviews, destination: {host: reviews}}")],
         [("MSH1144", A, "spec.destination")]),
        ([fallback("{host: reviews, destination: {host: ratings}}"), fallback("{host: ratings, destination: {host: reviews}}", "b")],
         [("MSH1144", A, "spec.destination"), ("MSH1144", B, "spec.destination")]),
        ([service("plain"), fallback("{host: plain, destination: {host: ratings}}")],
         [("MSH1152", A, "spec.destination")]),
        ([suspend("{service: reviews}")], []),
        ([suspend("{workload: reviews-v1}")], []),
        ([suspend("{service: nobody}")], [("MSH1147", "Suspend shop/a", "spec.service")]),
        ([suspend("{workload: nobody}")], [("MSH1147", "Suspend shop/a", "spec.workload")]),
        ([GATEWAY, suspend("{workload: edge-v1}")], [("MSH1149", "Suspend shop/a", "spec.workload")]),
        ([suspend("{service: reviews}"), suspend("{service: reviews}", "b")],
         [("MSH1148", "Suspend shop/b", "spec.service")]),
    ],
)  # fmt: skip
def test_a_rule_finds_its_fault(texts: list[str], found: list[tuple[str, str, str]]) -> None:
    given = documents(SHOP, *texts)
    said = check(CheckInput(documents=given, registry=registry(given)))
    assert [(f.code, f.resource, f.path) for f in said] == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (fallback("{host: reviews}"), [("MSH1140", "spec")]),
        (fallback(f"{{host: reviews, destination: {{host: a}}, {BODY}}}"), [("MSH1022", "spec")]),
        (fallback("{host: reviews, on: [5xx], destination: {host: a}}"), [("MSH1141", "spec.on[0]")]),
        (fallback(f"{{host: reviews, response: {{body: {'x' * 4097}}}}}"), [("MSH1142", "spec.response.body")]),
        (fallback("{host: reviews, response: {headers: {'a b': c}}}"), [("MSH1143", "spec.response.headers.a b")]),
        (fallback("{host: reviews, response: {headers: {content-length: '1'}}}"),
         [("MSH1143", "spec.response.headers.content-length")]),
        (fallback("{host: reviews, response: {status: 700}}"), [("MSH1017", "spec.response.status")]),
        (fallback("{host: reviews, on: [rain], response: {}}"), [("MSH1018", "spec.on[0]")]),
        (suspend("{}"), [("MSH1146", "spec")]),
        (suspend("{service: a, workload: b}"), [("MSH1022", "spec")]),
        (suspend(f"{{service: a, reason: {'x' * 201}}}"), [("MSH1021", "spec.reason")]),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said_with_its_place(
    text: str, found: list[tuple[str, str]]
) -> None:
    assert [(f.code, f.path) for f in parse_yaml(text).findings] == found
