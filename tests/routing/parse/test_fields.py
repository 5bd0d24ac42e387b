"""Fields: known or unknown, of the right type, with effect or without."""

import pytest

from routing.model import AuthorizationPolicy
from routing.parse import parse_yaml, read
from routing.parse.schema import duration_ms

GROUP = {"PeerAuthentication": "security", "AuthorizationPolicy": "security"}
VS = "{hosts: [a], http: [{route: [{destination: {host: a}}]}]}"


def said(kind: str, spec: str) -> list[tuple[str, str]]:
    text = (
        f"apiVersion: {GROUP.get(kind, 'networking')}.istio.io/v1\nkind: {kind}\n"
        f"metadata: {{name: a, namespace: shop}}\nspec: {spec}\n"
    )
    return [(f.code, f.path) for f in parse_yaml(text).findings]


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("VirtualService", VS),
        ("VirtualService", "{hosts: [a], http: [{match: null, route: [{destination: {host: a}}]}]}"),
        ("DestinationRule", "{host: a, subsets: [{name: v1, labels: {version: v1}}]}"),
        ("Gateway", "{selector: {a: b}, servers: [{port: {number: 80, name: h, protocol: http}, hosts: ['*']}]}"),
        ("ServiceEntry", "{hosts: [a.example], ports: [{number: 80, name: h, protocol: HTTP}], resolution: DNS}"),
        ("PeerAuthentication", "{mtls: {mode: STRICT}}"),
        ("PeerAuthentication", "{}"),
    ],
)  # fmt: skip
def test_good_specs_have_no_findings(kind: str, spec: str) -> None:
    assert said(kind, spec) == []


@pytest.mark.parametrize(
    ("kind", "spec", "found"),
    [
        ("VirtualService", "{hosts: []}", [("MSH1011", "spec.hosts"), ("MSH1111", "spec")]),
        ("VirtualService", "{hosts: [a]}", [("MSH1111", "spec")]),
        ("VirtualService", "{hosts: ['a*'], tcp: [{route: [{destination: {host: a}}]}]}", [("MSH1021", "spec.hosts[0]")]),
        ("VirtualService", "{hosts: [a], http: [{}]}", [("MSH1111", "spec.http[0]")]),
        ("VirtualService", "{hosts: [a], http: [{route: [{destination: {host: a}, weight: -1}]}]}", [("MSH1017", "spec.http[0].route[0].weight")]),
        ("VirtualService", "{hosts: [a], http: [{directResponse: {status: 99}}]}", [("MSH1021", "spec.http[0].directResponse.status")]),
        ("VirtualService", "{hosts: [a], http: [{directResponse: {status: 200}, headers: {response: {set: {host: x}}}}]}", [("MSH1021", "spec.http[0].headers.response.set.host")]),
        ("VirtualService", "{hosts: [a], http: [{match: [{uri: {exact: a, prefix: b}}], redirect: {uri: /}}]}", [("MSH1022", "spec.http[0].match[0].uri")]),
        ("VirtualService", VS[:-1] + ", exportTo: 1}", [("MSH1017", "spec.exportTo")]),
        ("DestinationRule", "{host: a, trafficPolicy: {tls: {mode: SOMETIMES}}}", [("MSH1018", "spec.trafficPolicy.tls.mode")]),
        ("DestinationRule", "{host: a, trafficPolicy: {connectionPool: {tcp: {connectTimeout: 1}}}}", [("MSH1020", "spec.trafficPolicy.connectionPool.tcp.connectTimeout")]),
        ("DestinationRule", "{host: a, subsets: [{name: 'a|b'}]}", [("MSH1014", "spec.subsets[0].name")]),
        ("Gateway", "{servers: [{port: {number: 70000, protocol: HTTP}, hosts: ['*']}]}", [("MSH1017", "spec.servers[0].port.number")]),
        ("Gateway", "{servers: [{port: {number: 80, protocol: FTP}, hosts: ['*']}]}", [("MSH1018", "spec.servers[0].port.protocol")]),
        ("Gateway", "{servers: [{port: {number: 443, protocol: HTTPS}, hosts: ['*']}]}", [("MSH1111", "spec.servers[0]")]),
        ("ServiceEntry", "{hosts: [a.example], resolution: STATIC, endpoints: [{address: b.example}]}", [("MSH1021", "spec.endpoints[0].address")]),
        ("PeerAuthentication", "{portLevelMtls: {x: {mode: STRICT}}}", [("MSH1017", "spec.portLevelMtls.x")]),
        ("PeerAuthentication", "{portLevelMtls: {'80': {mode: STRICT}}}", [("MSH1111", "spec.portLevelMtls")]),
    ],
)  # fmt: skip
def test_bad_specs_are_refused_where_they_are_bad(
    kind: str, spec: str, found: list[tuple[str, str]]
) -> None:
    assert said(kind, spec) == found


@pytest.mark.parametrize(
    ("kind", "spec", "path"),
    [
        ("VirtualService", VS.replace("{route", "{fault: {abort: {http2Error: x}}, route"), "spec.http[0].fault.abort.http2Error"),
        ("DestinationRule", "{host: a, trafficPolicy: {loadBalancer: {simple: PASSTHROUGH}}}", "spec.trafficPolicy.loadBalancer.simple"),
    ],
)  # fmt: skip
def test_what_has_no_effect_yet_is_stored_and_said_once(kind: str, spec: str, path: str) -> None:
    assert said(kind, spec) == [("MSH1019", path)]


def test_a_misspelt_field_is_answered_with_the_nearest() -> None:
    text = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: a}\nspec: {hots: [a]}"
    assert parse_yaml(text).findings[0].fix == "did you mean hosts?"


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [("1s", 1000), ("1m30s", 90_000), ("250ms", 250), (".5s", 500), ("0", 0), ("1h", 3_600_000),
     ("", None), ("1", None), ("-1s", None), ("1 s", None), ("9999999h", None), ("1d", None)],
)  # fmt: skip
def test_durations_are_gos(text: str, milliseconds: int | None) -> None:
    assert duration_ms(text) == milliseconds


@pytest.mark.parametrize(
    ("rule", "suffixes"),
    [
        ("{from: [{source: {serviceAccounts: [bank, data/bank]}}]}", ("/ns/shop/sa/bank", "/ns/data/sa/bank")),
        ("{when: [{key: source.serviceAccount, values: [bank]}]}", ("/ns/shop/sa/bank",)),
    ],
)  # fmt: skip
def test_an_account_without_a_namespace_is_of_the_policys_own(
    rule: str, suffixes: tuple[str, ...]
) -> None:
    text = (
        "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n"
        f"metadata: {{name: a, namespace: shop}}\nspec: {{rules: [{rule}]}}\n"
    )
    policy = read(parse_yaml(text).documents[0]).resource
    assert isinstance(policy, AuthorizationPolicy)
    (made,) = policy.rules
    (term,) = (*made.conditions, *(t for terms in made.sources for t in terms))
    assert tuple(v.value for v in term.values) == suffixes
