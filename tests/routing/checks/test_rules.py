"""Every rule: what it finds, where, and that a sound mesh has no findings."""

import pytest

from rest.contracts import Severity
from routing.checks.check import CheckInput, Verdict, check, verdict
from routing.contracts import ResourceKey
from routing.model.catalogue import CATALOGUE
from tests.routing.mesh import deployment, documents, registry, resource, service

SHOP = service("reviews") + "---\n" + deployment("reviews", "v2")
GATEWAY_POD = deployment("edge", "v1", "edge").replace("app: edge", "istio: ingressgateway")
SECRET = (
    "apiVersion: v1\nkind: Secret\nmetadata: {name: cert, namespace: edge}\n"
    "type: kubernetes.io/tls\ndata: {}\n"
)
RULE = resource(
    "DestinationRule", "reviews",
    "{host: reviews, subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]}",
)  # fmt: skip


def routed(http: str, name: str = "reviews", rest: str = "hosts: [reviews]") -> str:
    return resource("VirtualService", name, f"{{{rest}, http: [{http}]}}")


def gateway(name: str, servers: str, selector: str = "istio: ingressgateway") -> str:
    spec = f"{{selector: {{{selector}}}, servers: [{servers}]}}"
    return resource("Gateway", name, spec, "edge")


HTTP = "{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}"
TO_REVIEWS = "{route: [{destination: {host: reviews}}]}"


def said(*texts: str) -> list[tuple[str, str, str]]:
    given = documents(SHOP, GATEWAY_POD, *texts)
    found = check(CheckInput(documents=given, registry=registry(given)))
    return [(f.code, f.resource, f.path) for f in found]


def test_a_sound_mesh_has_no_findings() -> None:
    tls = "{port: {number: 443, name: s, protocol: HTTPS}, hosts: [a.example], tls: {mode: SIMPLE, credentialName: cert}}"
    assert (
        said(
            RULE,
            SECRET,
            gateway("web", f"{HTTP}, {tls}"),
            routed(
                "{match: [{uri: {prefix: /a}}], route: [{destination: {host: reviews, subset: v1}, weight: 90},"
                " {destination: {host: reviews, subset: v2}, weight: 10}]}, " + TO_REVIEWS,
                rest="hosts: [reviews], gateways: [mesh, edge/web]",
            ),
            resource("PeerAuthentication", "default", "{mtls: {mode: STRICT}}"),
            resource("PeerAuthentication", "reviews", "{selector: {matchLabels: {app: reviews}}}"),
        )
        == []
    )


VS = "VirtualService shop/reviews"


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        ([RULE, routed("{route: [{destination: {host: reviews, subset: v1}, weight: 60}, {destination: {host: reviews, subset: v2}, weight: 60}]}")],
         [("MSH1101", VS, "spec.http[0].route")]),
        ([routed("{route: [{destination: {host: reviews}, weight: 60}]}")],
         [("KIA1104", VS, "spec.http[0].route[0].weight")]),
        ([routed("{route: [{destination: {host: reviews}, weight: 60}, {destination: {host: reviews}, weight: 40}]}")],
         [("KIA1105", VS, "spec.http[0].route[1].destination")]),
        ([routed("{route: [{destination: {host: nowhere}}]}")],
         [("KIA1101", VS, "spec.http[0].route[0].destination.host")]),
        ([routed("{route: [{destination: {host: reviews, subset: v1}}]}")],
         [("KIA1107", VS, "spec.http[0].route[0].destination.subset")]),
        ([routed("{route: [{destination: {host: reviews, port: {number: 81}}}]}")],
         [("MSH1102", VS, "spec.http[0].route[0].destination.port.number")]),
        ([routed(TO_REVIEWS, rest="hosts: [reviews], gateways: [web]")],
         [("IST0101", VS, "spec.gateways[0]")]),
        ([gateway("web", HTTP.replace("'*'", "a.example")), routed(TO_REVIEWS, rest="hosts: [b.example], gateways: [edge/web]")],
         [("IST0132", VS, "spec.hosts")]),
        ([gateway("one", HTTP), gateway("two", HTTP)],
         [("IST0145", "Gateway edge/one", "spec.servers[0].hosts"), ("IST0145", "Gateway edge/two", "spec.servers[0].hosts")]),
        ([gateway("one", HTTP.replace("'*'", "a.example")), gateway("two", HTTP.replace("'*'", "b.example"))], []),
        ([gateway("one", HTTP), gateway("two", "{port: {number: 80, protocol: TLS}, hosts: ['*'], tls: {mode: PASSTHROUGH}}")],
         [("MSH1103", "Gateway edge/one", "spec.servers[0].port"), ("MSH1103", "Gateway edge/two", "spec.servers[0].port")]),
        ([gateway("web", HTTP, "istio: nobody")], [("KIA0302", "Gateway edge/web", "spec.selector")]),
        ([resource("Gateway", "web", f"{{servers: [{HTTP}]}}", "edge")], [("MSH1104", "Gateway edge/web", "spec.selector")]),
        ([gateway("web", "{port: {number: 443, protocol: HTTPS}, hosts: ['*'], tls: {mode: SIMPLE, credentialName: cert}}")],
         [("IST0161", "Gateway edge/web", "spec.servers[0].tls.credentialName")]),
        ([routed(TO_REVIEWS), routed(TO_REVIEWS, "other")],
         [("IST0109", "VirtualService shop/other", "spec.hosts[0]"), ("IST0109", VS, "spec.hosts[0]")]),
        ([routed("{match: [{uri: {regex: '(?<=a)b'}}], route: [{destination: {host: reviews}}]}")],
         [("MSH1105", VS, "spec.http[0].match[0].uri.regex")]),
        ([routed("{retries: {attempts: -1, perTryTimeout: 0s}, route: [{destination: {host: reviews}}]}")],
         [("MSH1106", VS, "spec.http[0].retries.attempts"), ("MSH1106", VS, "spec.http[0].retries.perTryTimeout")]),
        ([routed(TO_REVIEWS + ", " + TO_REVIEWS)], [("IST0130", VS, "spec.http[1]")]),
        ([routed("{match: [{uri: {prefix: /a}}], redirect: {uri: /}}, {match: [{uri: {prefix: /a}}, {uri: {prefix: /b}}], redirect: {uri: /}}")],
         [("IST0131", VS, "spec.http[1].match[0]")]),
        ([resource("DestinationRule", "a", "{host: nowhere}")], [("IST0174", "DestinationRule shop/a", "spec.host")]),
        ([resource("DestinationRule", "a", "{host: reviews, subsets: [{name: v9, labels: {version: v9}}]}")],
         [("IST0173", "DestinationRule shop/a", "spec.subsets[0].labels")]),
        ([resource("DestinationRule", "a", "{host: reviews, subsets: [{name: v1}, {name: v1, labels: {version: v1}}]}")],
         [("KIA0209", "DestinationRule shop/a", "spec.subsets[0]"), ("MSH1108", "DestinationRule shop/a", "spec.subsets[1].name")]),
        ([resource("PeerAuthentication", "a", "{}"), resource("PeerAuthentication", "b", "{}")],
         [("KIA0002", "PeerAuthentication shop/a", "spec.selector"), ("KIA0002", "PeerAuthentication shop/b", "spec.selector")]),
        ([resource("PeerAuthentication", "a", "{selector: {matchLabels: {app: nobody}}}")],
         [("KIA0004", "PeerAuthentication shop/a", "spec.selector.matchLabels")]),
        ([resource("ServiceEntry", "a", "{hosts: ['*.example'], resolution: DNS, ports: [{number: 80, name: http}]}")],
         [("MSH1109", "ServiceEntry shop/a", "spec.hosts[0]")]),
    ],
)  # fmt: skip
def test_a_rule_finds_its_fault(texts: list[str], found: list[tuple[str, str, str]]) -> None:
    assert said(*texts) == found


def test_only_touched_or_newly_caused_errors_block() -> None:
    broken = documents(SHOP, routed("{route: [{destination: {host: nowhere}}]}"))
    before = check(CheckInput(documents=broken))
    touched = frozenset({ResourceKey("Service", "shop", "reviews")})
    assert verdict(before, before, touched) == Verdict()
    assert verdict(before, before, frozenset({ResourceKey.parse(VS)})) == Verdict(own=before)
    sound = documents(SHOP, routed(TO_REVIEWS), resource("DestinationRule", "a", "{host: reviews}"))
    caused = check(CheckInput(documents=tuple(d for d in sound if d.key.kind != "Service")))
    gone = frozenset({ResourceKey("Service", "shop", "reviews")})
    found = verdict(caused, check(CheckInput(documents=sound)), gone)
    assert [f.code for f in (*found.own, *found.others)] == ["KIA1101"]
    assert [f.code for f in found.noted] == ["IST0174"]


def test_two_virtual_services_of_a_host_are_told_and_none_is_refused() -> None:
    given = documents(
        SHOP,
        routed(TO_REVIEWS),
        resource("VirtualService", "later", f"{{hosts: [reviews], http: [{TO_REVIEWS}]}}"),
    )
    found = check(CheckInput(documents=given))
    rivals = [f for f in found if f.code == "IST0109"]
    assert [(f.resource, f.severity) for f in rivals] == [
        ("VirtualService shop/later", Severity.ERROR),
        (VS, Severity.ERROR),
    ]
    assert {f.fix for f in rivals} == {
        "join the two; until then VirtualService shop/later, the older one, is in force"
    }
    assert verdict(found, (), frozenset(d.key for d in given)).own == ()


def test_every_finding_of_the_catalogue_has_a_sentence() -> None:
    assert [code for code, entry in CATALOGUE.items() if not entry.sentence] == []


def test_what_istio_would_refuse_is_refused_once() -> None:
    shown = resource("DestinationRule", "a", "{host: reviews, exportTo: ['*', shop]}")
    assert said(shown) == [("IST0106", "DestinationRule shop/a", "spec.exportTo")]
    regex = routed("{match: [{uri: {regex: '('}}], route: [{destination: {host: reviews}}]}")
    assert said(regex) == [("MSH1105", VS, "spec.http[0].match[0].uri.regex")]
