"""What is refused of the Gateway API's objects, with the place."""

import pytest

from routing.model.gateway_api import ApiRoute
from routing.parse import parse_yaml, read

ROUTE = """\
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: r, namespace: shop}}
spec:
  parentRefs: [{{name: door}}]
  {}
"""
GATEWAY = """\
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: door, namespace: shop}}
spec: {{gatewayClassName: meshweb, listeners: [{}]}}
"""
REDIRECT = "{type: RequestRedirect, requestRedirect: {hostname: a.example}}"

BAD_HEADER = "{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: a b, value: c}]}}"


def errors(text: str) -> list[str]:
    """ "code path" of every error."""
    parsed = parse_yaml(text)
    found = [*parsed.findings, *(f for d in parsed.documents for f in read(d).findings)]
    return [f"{f.code} {f.path}" for f in found if f.severity == "error"]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("hostnames: ['*', 1.2.3.4, ok.example, '*.example']", ["hostnames[0]", "hostnames[1]"]),
        ("rules: [{matches: [{path: {value: a}}]}]", ["rules[0].matches[0].path.value"]),
        ("rules: [{matches: [{path: {value: /a//b}}]}]", ["rules[0].matches[0].path.value"]),
        ("rules: [{backendRefs: [{name: a}]}]", ["rules[0].backendRefs[0].port"]),
        ("rules: [{backendRefs: [{kind: Other, group: x.example, name: a}]}]", []),
        (
            "rules: [{filters: [{type: RequestMirror}]}]",
            ["rules[0].filters[0].requestMirror", "rules[0].filters[0].requestMirror.backendRef.port"],
        ),
        (
            f"rules: [{{filters: [{REDIRECT}], backendRefs: [{{name: a, port: 80}}]}}]",
            ["rules[0]"],
        ),
        (
            f"rules: [{{filters: [{REDIRECT}, {REDIRECT}]}}]",
            ["rules[0].filters[1]"],
        ),
        (
            f"rules: [{{filters: [{REDIRECT}, {{type: URLRewrite, urlRewrite: {{}}}}]}}]",
            ["rules[0].filters"],
        ),
        (
            f"rules: [{{filters: [{BAD_HEADER}]}}]",
            ["rules[0].filters[0]"],
        ),
        (
            "rules: [{timeouts: {request: 1s, backendRequest: 2s}}]",
            ["rules[0].timeouts.backendRequest"],
        ),
    ],
)  # fmt: skip
def test_routes_that_an_api_server_refuses_are_refused(spec: str, expected: list[str]) -> None:
    assert [one.split(" spec.")[1] for one in errors(ROUTE.format(spec))] == expected


@pytest.mark.parametrize(
    ("listeners", "expected"),
    [
        ("{name: a, port: 80, protocol: HTTP}", []),
        ("{name: a, port: 80, protocol: HTTP, tls: {}}", []),
        (
            "{name: a, port: 80, protocol: HTTP, tls: {mode: Terminate}}",
            ["MSH1021 spec.listeners[0].tls"],
        ),
        ("{name: a, port: 443, protocol: HTTPS}", ["MSH1011 spec.listeners[0].tls"]),
        (
            "{name: a, port: 443, protocol: HTTPS, tls: {mode: Passthrough}}",
            ["MSH1021 spec.listeners[0].tls.mode"],
        ),
        (
            "{name: a, port: 80, protocol: HTTP}, {name: a, port: 81, protocol: HTTP}",
            ["MSH1021 spec.listeners"],
        ),
    ],
)
def test_gateways_that_an_api_server_refuses_are_refused(
    listeners: str, expected: list[str]
) -> None:
    assert errors(GATEWAY.format(listeners)) == expected


@pytest.mark.parametrize("kind", ["BackendTLSPolicy", "ListenerSet", "UDPRoute"])
def test_kinds_without_effect_say_so(kind: str) -> None:
    text = (
        f"apiVersion: gateway.networking.k8s.io/v1\nkind: {kind}\nmetadata: {{name: a}}\nspec: {{}}"
    )
    (document,) = parse_yaml(text).documents
    assert [(f.code, f.path) for f in read(document).findings] == [("MSH1019", "spec")]


def test_a_retrys_backoff_is_followed() -> None:
    (document,) = parse_yaml(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\n"
        "metadata: {name: a, namespace: shop}\n"
        "spec: {parentRefs: [{name: door}], rules: [{retry: {attempts: 2, backoff: 250ms, codes: [503]},"
        " backendRefs: [{name: b, port: 80}]}]}\n"
    ).documents
    found = read(document)
    assert isinstance(found.resource, ApiRoute)
    retries = found.resource.rules[0].route.retries
    assert (found.findings, retries and retries.backoff_ms) == ((), 250)
