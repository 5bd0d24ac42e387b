"""Every code of Istio's and Kiali's analyses: a file that has the fault, and where it is found."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rest.contracts import Severity
from routing.checks.analysis import analyze
from routing.checks.cluster import Cluster
from routing.checks.crds import SCHEMAS
from routing.model.catalogue import CATALOGUE
from routing.sources.files import object_of, read_text

GROUPS = {
    "Pod": "v1", "Service": "v1", "Namespace": "v1", "Secret": "v1", "ConfigMap": "v1",
    "ServiceAccount": "v1", "Deployment": "apps/v1",
    "MutatingWebhookConfiguration": "admissionregistration.k8s.io/v1",
    "CustomResourceDefinition": "apiextensions.k8s.io/v1",
    "PeerAuthentication": "security.istio.io/v1", "RequestAuthentication": "security.istio.io/v1",
    "AuthorizationPolicy": "security.istio.io/v1", "Telemetry": "telemetry.istio.io/v1",
    "HTTPRoute": "gateway.networking.k8s.io/v1", "ReferenceGrant": "gateway.networking.k8s.io/v1",
    "KGateway": "gateway.networking.k8s.io/v1",
}  # fmt: skip


def one(kind: str, name: str, rest: str, namespace: str = "shop", meta: str = "") -> str:
    version = GROUPS.get(kind, "networking.istio.io/v1")
    where = f", namespace: {namespace}" if namespace else ""
    return (
        f"apiVersion: {version}\nkind: {kind.removeprefix('K')}\n"
        f"metadata: {{name: {name}{where}{meta}}}\n{rest}\n"
    )


def spec(kind: str, name: str, inner: str, namespace: str = "shop", meta: str = "") -> str:
    return one(kind, name, f"spec: {{{inner}}}", namespace, meta)


def pod(name: str, labels: str = "app: a", inner: str = "", namespace: str = "shop") -> str:
    return spec("Pod", name, inner, namespace, f", labels: {{{labels}}}")


def namespace(name: str, labels: str = "") -> str:
    return one("Namespace", name, "", "", f", labels: {{{labels}}}")


def route(inner: str) -> str:
    return f"http: [{{route: [{{destination: {{{inner}}}}}]}}]"


INJECTED = namespace("shop", "istio-injection: enabled")
WEB = spec(
    "Service", "web", "selector: {app: a}, ports: [{name: http, port: 80, targetPort: 8080}]"
)
TWO_PORTS = spec("Service", "web", "ports: [{name: http, port: 80}, {name: http-b, port: 81}]")
DEPLOYMENT = spec("Deployment", "d", "template: {metadata: {labels: {app: a}}, spec: {containers: [{name: c, ports: [{containerPort: 9}]}]}}")  # fmt: skip
EDGE = spec("Gateway", "edge", "selector: {app: a}, servers: [{port: {number: 80, protocol: HTTP}, hosts: [a.example]}]")  # fmt: skip
SECURE = "servers: [{port: {number: 443, protocol: HTTPS}, hosts: [a.example], tls: {mode: SIMPLE, credentialName: c}}]"  # fmt: skip
AMBIENT = namespace("shop", "istio.io/dataplane-mode: ambient")
INJECTOR = one(
    "ConfigMap", "istio-sidecar-injector",
    """data: {values: '{"global": {"hub": "h", "tag": "2"}, "sidecarInjectorWebhook": {"enableNamespacesByDefault": true}}'}""",
    "istio-system",
)  # fmt: skip
PROXY = "containers: [{name: istio-proxy, image: 'h/proxyv2:1'}]"
HOOK = "webhooks: [{name: sidecar-injector.istio.io, clientConfig: {%s}}]"
PATCH = "configPatches: [{applyTo: %s, match: {%s}, patch: {operation: %s}}]"
TELEMETRY = "metrics: [{providers: [{name: prometheus}]}]"
CLAIM = "http: [{match: [{headers: {'@request.auth.claims.group': {exact: a}}}], route: [{destination: {host: web}}]}]"  # fmt: skip
K8S = "gatewayClassName: istio, listeners: [{name: a, port: 80, protocol: HTTP}]"
MUTUAL = "trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}"
OFF = "trafficPolicy: {tls: {mode: DISABLE}}"
EVERY = "host: '*.local'"
SHOPS = "host: '*.shop.svc.cluster.local'"
ROUTED = "rules: [{from: [{source: {%s}}]}]"

CASES: list[tuple[str, list[str], str, str]] = [
    ("IST0002", [spec("VirtualService", "v", "http: [{fault: {delay: {percent: 5}}}]")], "VirtualService shop/v", "spec.http[0].fault.delay.percent"),
    ("IST0101", [WEB, spec("VirtualService", "v", route("host: nowhere"))], "VirtualService shop/v", "spec.http[0].route[0].destination.host"),
    ("IST0102", [namespace("shop")], "Namespace shop", "metadata.labels"),
    ("IST0103", [INJECTED, pod("p")], "Pod shop/p", "spec.containers"),
    ("IST0106", [spec("Gateway", "edge", "servers: []")], "Gateway shop/edge", "spec.servers"),
    ("IST0107", [one("Service", "s", "", meta=", annotations: {sidecar.istio.io/logLevel: debug}")], "Service shop/s", "metadata.annotations.sidecar.istio.io/logLevel"),
    ("IST0108", [one("Pod", "p", "", meta=", annotations: {sidecar.istio.io/loglevel: debug}")], "Pod shop/p", "metadata.annotations.sidecar.istio.io/loglevel"),
    ("IST0109", [spec("VirtualService", n, "hosts: [web]") for n in "vw"], "VirtualService shop/v", "spec.hosts"),
    ("IST0110", [pod("p"), *(spec("Sidecar", n, "workloadSelector: {labels: {app: a}}") for n in "vw")], "Sidecar shop/v", "spec.workloadSelector.labels"),
    ("IST0111", [spec("Sidecar", n, "egress: []") for n in "vw"], "Sidecar shop/v", "spec"),
    ("IST0112", [TWO_PORTS, spec("VirtualService", "v", route("host: web"))], "VirtualService shop/v", "spec.http[0].route[0].destination"),
    ("IST0116", [INJECTED, DEPLOYMENT, WEB, spec("Service", "w", "selector: {app: a}, ports: [{name: u, port: 80, protocol: UDP}]")], "Deployment shop/d", ""),
    ("IST0118", [spec("Service", "s", "ports: [{name: x, port: 80}]")], "Service shop/s", "spec.ports[0].name"),
    ("IST0123", [namespace("shop", "istio-injection: enabled, istio.io/rev: a")], "Namespace shop", "metadata.labels"),
    ("IST0125", [one("Pod", "p", "", meta=", annotations: {sidecar.istio.io/interceptionMode: X}")], "Pod shop/p", "metadata.annotations.sidecar.istio.io/interceptionMode"),
    ("IST0126", ["networks: {n: {endpoints: [{fromRegistry: other}]}}"], "MeshNetworks istio-system/meshnetworks", "networks.n.endpoints[0].fromRegistry"),
    ("IST0127", [spec("AuthorizationPolicy", "p", "selector: {matchLabels: {app: x}}")], "AuthorizationPolicy shop/p", "spec.selector.matchLabels"),
    ("IST0128", [spec("DestinationRule", "d", "host: a.example, trafficPolicy: {tls: {mode: SIMPLE}}")], "DestinationRule shop/d", "spec.trafficPolicy.tls"),
    ("IST0129", [spec("DestinationRule", "d", "trafficPolicy: {portLevelSettings: [{port: {number: 1}, tls: {mode: SIMPLE}}]}")], "DestinationRule shop/d", "spec.trafficPolicy.portLevelSettings[0].tls"),
    ("IST0130", [spec("VirtualService", "v", "http: [{redirect: {}}, {match: [{uri: {prefix: /a}}]}]")], "VirtualService shop/v", "spec.http[1]"),
    ("IST0131", [spec("VirtualService", "v", "http: [{match: [{uri: {prefix: /a}}]}, {match: [{uri: {exact: /ab}}]}]")], "VirtualService shop/v", "spec.http[1].match[0]"),
    ("IST0132", [EDGE, spec("VirtualService", "v", "hosts: [b.example], gateways: [edge]")], "VirtualService shop/v", "spec.hosts"),
    ("IST0133", [spec("DestinationRule", "d", "host: a.b, trafficPolicy: {outlierDetection: {consecutiveErrors: 1}}")], "DestinationRule shop/d", "spec.trafficPolicy.outlierDetection.consecutiveErrors"),
    ("IST0134", [spec("ServiceEntry", "e", "hosts: [a.example], ports: [{number: 1, name: tcp}]")], "ServiceEntry shop/e", "spec.ports[0].protocol"),
    ("IST0135", [one("Pod", "p", "", meta=", annotations: {sidecar.istio.io/discoveryAddress: a}")], "Pod shop/p", "metadata.annotations.sidecar.istio.io/discoveryAddress"),
    ("IST0136", [one("Pod", "p", "", meta=", annotations: {sidecar.istio.io/logLevel: a}")], "Pod shop/p", "metadata.annotations.sidecar.istio.io/logLevel"),
    ("IST0137", [INJECTED, DEPLOYMENT, WEB, spec("Service", "w", "selector: {app: a}, ports: [{name: http, port: 81, targetPort: 8080}]")], "Deployment shop/d", ""),
    ("IST0138", [spec("Gateway", n, SECURE) for n in ("edge", "other")], "Gateway shop/edge", "spec.servers"),
    ("IST0139", [one("MutatingWebhookConfiguration", "m", HOOK % "service: {name: a, namespace: b}", "")], "MutatingWebhookConfiguration m", "webhooks[0].clientConfig.service"),
    ("IST0140", [spec("VirtualService", "v", f"hosts: [a.b], gateways: [edge], {route('host: web')}"), spec("VirtualService", "w", f"hosts: [web], {route('host: web, subset: x')}")], "VirtualService shop/v", "spec.http[0].route[0].destination"),
    ("IST0144", [pod("p", inner="securityContext: {runAsUser: 1337}")], "Pod shop/p", "spec"),
    ("IST0145", [EDGE, EDGE.replace("name: edge", "name: other")], "Gateway shop/edge", "spec.servers[0].hosts"),
    ("IST0146", [DEPLOYMENT.replace("name: c,", "name: istio-proxy, image: auto,")], "Deployment shop/d", ""),
    ("IST0147", [pod("p", inner="containers: [{name: istio-proxy, image: auto}]")], "Pod shop/p", ""),
    ("IST0148", [INJECTOR, namespace("shop")], "Namespace shop", "metadata.labels"),
    ("IST0149", [pod("p"), EDGE, WEB, spec("VirtualService", "v", f"gateways: [edge], {CLAIM}")], "VirtualService shop/v", "spec.http[0].match[0].headers"),
    ("IST0150", [spec("Service", "s", "type: ExternalName, ports: [{name: tcp, port: 1}]")], "Service shop/s", "spec.ports[0].name"),
    ("IST0151", [spec("EnvoyFilter", "f", PATCH % ("HTTP_FILTER", "", "INSERT_BEFORE"))], "EnvoyFilter shop/f", "spec.configPatches[0].patch.operation"),
    ("IST0152", [spec("EnvoyFilter", "f", PATCH % ("CLUSTER", "", "REPLACE"))], "EnvoyFilter shop/f", "spec.configPatches[0].patch.operation"),
    ("IST0153", [spec("EnvoyFilter", "f", PATCH % ("HTTP_ROUTE", "", "ADD"))], "EnvoyFilter shop/f", "spec.configPatches[0].patch.operation"),
    ("IST0154", [spec("EnvoyFilter", "f", PATCH % ("HTTP_ROUTE", "", "REMOVE"))], "EnvoyFilter shop/f", "spec.configPatches[0].patch.operation"),
    ("IST0155", [spec("EnvoyFilter", "f", PATCH % ("HTTP_FILTER", "proxy: {proxyVersion: x}", "REPLACE"))], "EnvoyFilter shop/f", "spec.configPatches[0].patch.operation"),
    ("IST0157", [spec("Telemetry", "t", "accessLogging: [{}]")], "Telemetry shop/t", "spec.accessLogging[0].providers"),
    ("IST0158", [INJECTOR, INJECTED, pod("p", inner=PROXY)], "Namespace shop", ""),
    ("IST0159", [pod("p"), *(spec("Telemetry", n, f"selector: {{matchLabels: {{app: a}}}}, {TELEMETRY}") for n in "tu")], "Telemetry shop/t", "spec.selector.matchLabels"),
    ("IST0160", [spec("Telemetry", n, TELEMETRY) for n in "tu"], "Telemetry shop/t", "spec"),
    ("IST0161", [pod("p"), one("Secret", "c", "data: {tls.crt: eA==, tls.key: eA==}"), spec("Gateway", "edge", f"selector: {{app: a}}, {SECURE}")], "Gateway shop/edge", "spec.servers[0].tls.credentialName"),
    ("IST0162", [pod("p"), EDGE], "Gateway shop/edge", "spec.servers[0].port.number"),
    ("IST0163", [one("MutatingWebhookConfiguration", "istio-sidecar-injector", HOOK % "", "")], "MutatingWebhookConfiguration istio-sidecar-injector", "webhooks[0].clientConfig.url"),
    ("IST0164", [one("MutatingWebhookConfiguration", "istio-sidecar-injector", HOOK % "url: 'https://127.0.0.1/inject'", "")], "MutatingWebhookConfiguration istio-sidecar-injector", "webhooks[0].clientConfig.url"),
    ("IST0165", [spec("VirtualService", "v", "gateways: [a-istio-autogenerated-k8s-gateway-b]")], "VirtualService shop/v", "spec.gateways[0]"),
    ("IST0166", [pod("p", "app: a, gateway.networking.k8s.io/gateway-name: g"), spec("RequestAuthentication", "r", "selector: {matchLabels: {app: a}}")], "RequestAuthentication shop/r", "spec.selector"),
    ("IST0167", [AMBIENT, spec("Sidecar", "s", "egress: []")], "Sidecar shop/s", "spec"),
    ("IST0171", [one("Service", "s", "status: {conditions: [{type: istio.io/WaypointBound, status: 'False'}]}")], "Service shop/s", "status.conditions[0]"),
    ("IST0173", [WEB, spec("DestinationRule", "d", "host: web, subsets: [{name: v1, labels: {version: v1}}]")], "DestinationRule shop/d", "spec.subsets[0].labels"),
    ("IST0174", [spec("DestinationRule", "d", "host: nowhere")], "DestinationRule shop/d", "spec.host"),
    ("IST0175", [spec("RequestAuthentication", "r", ""), one("Deployment", "istiod", "", "istio-system")], "Deployment istio-system/istiod", "spec.template.spec.containers"),
    ("IST0176", [spec("CustomResourceDefinition", "tlsroutes", "group: gateway.networking.k8s.io, names: {kind: TLSRoute}", "", ", annotations: {gateway.networking.k8s.io/bundle-version: v1.0.0}")], "CustomResourceDefinition tlsroutes", "metadata.annotations.gateway.networking.k8s.io/bundle-version"),
    ("IST0177", [spec("ServiceEntry", n, f"hosts: [a.example], ports: [{{number: 1, name: p, protocol: {p}}}]") for n, p in (("e", "HTTP"), ("f", "TLS"))], "ServiceEntry shop/e", "spec.ports"),
    ("KIA0002", [spec("PeerAuthentication", n, "") for n in "pq"], "PeerAuthentication shop/p", "spec.selector"),
    ("KIA0003", [spec("PeerAuthentication", n, "selector: {matchLabels: {app: a}}") for n in "pq"], "PeerAuthentication shop/p", "spec.selector"),
    ("KIA0004", [spec("PeerAuthentication", "p", "selector: {matchLabels: {app: a}}")], "PeerAuthentication shop/p", "spec.selector"),
    ("KIA0005", [spec("VirtualService", "v", "exportTo: [nowhere]")], "VirtualService shop/v", "spec.exportTo[0]"),
    ("KIA0101", [spec("AuthorizationPolicy", "p", ROUTED % "namespaces: [nowhere]")], "AuthorizationPolicy shop/p", "spec.rules[0].from[0].source.namespaces[0]"),
    ("KIA0102", [spec("AuthorizationPolicy", "p", "rules: [{to: [{operation: {methods: [GET, get]}}]}]")], "AuthorizationPolicy shop/p", "spec.rules[0].to[0].operation.methods[1]"),
    ("KIA0104", [spec("AuthorizationPolicy", "p", "rules: [{to: [{operation: {hosts: [nowhere]}}]}]")], "AuthorizationPolicy shop/p", "spec.rules[0].to[0].operation.hosts[0]"),
    ("KIA0105", [spec("AuthorizationPolicy", "p", ROUTED % "namespaces: [shop]")], "AuthorizationPolicy shop/p", "spec.rules[0].from[0].source.namespaces[0]"),
    ("KIA0106", [spec("AuthorizationPolicy", "p", ROUTED % "principals: [cluster.local/ns/shop/sa/nobody]")], "AuthorizationPolicy shop/p", "spec.rules[0].from[0].source.principals[0]"),
    ("KIA0201", [spec("DestinationRule", n, "host: web") for n in "de"], "DestinationRule shop/d", "spec.subsets"),
    ("KIA0202", [spec("DestinationRule", "d", "host: nowhere")], "DestinationRule shop/d", "spec.host"),
    ("KIA0203", [WEB, spec("DestinationRule", "d", "host: web, subsets: [{name: v1, labels: {version: v1}}]")], "DestinationRule shop/d", "spec.subsets[0].labels"),
    ("KIA0204", [spec("DestinationRule", "all", f"{SHOPS}, {MUTUAL}"), spec("DestinationRule", "d", "host: web")], "DestinationRule shop/d", "spec.trafficPolicy"),
    ("KIA0205", [spec("DestinationRule", "d", f"{EVERY}, {MUTUAL}")], "DestinationRule shop/d", "spec.trafficPolicy.tls.mode"),
    ("KIA0206", [spec("DestinationRule", "d", f"{SHOPS}, {MUTUAL}")], "DestinationRule shop/d", "spec.trafficPolicy.tls.mode"),
    ("KIA0207", [spec("DestinationRule", "d", f"{SHOPS}, {OFF}"), spec("PeerAuthentication", "p", "mtls: {mode: STRICT}")], "DestinationRule shop/d", "spec.trafficPolicy.tls.mode"),
    ("KIA0208", [spec("DestinationRule", "d", f"{EVERY}, {OFF}"), spec("PeerAuthentication", "p", "mtls: {mode: STRICT}", "istio-system")], "DestinationRule shop/d", "spec.trafficPolicy.tls.mode"),
    ("KIA0209", [spec("DestinationRule", "d", "host: web, subsets: [{name: v1}]")], "DestinationRule shop/d", "spec.subsets[0]"),
    ("KIA0301", [EDGE, EDGE.replace("name: edge", "name: other")], "Gateway shop/edge", "spec.servers[0].hosts[0]"),
    ("KIA0302", [EDGE], "Gateway shop/edge", "spec.selector"),
    ("KIA0401", [spec("PeerAuthentication", "p", "mtls: {mode: STRICT}", "istio-system")], "PeerAuthentication istio-system/p", "spec.mtls.mode"),
    ("KIA0501", [spec("PeerAuthentication", "p", "mtls: {mode: STRICT}")], "PeerAuthentication shop/p", "spec.mtls.mode"),
    ("KIA0505", [spec("PeerAuthentication", "p", "mtls: {mode: DISABLE}"), spec("DestinationRule", "d", f"{SHOPS}, {MUTUAL}")], "PeerAuthentication shop/p", "spec.mtls.mode"),
    ("KIA0506", [spec("PeerAuthentication", "p", "mtls: {mode: DISABLE}", "istio-system"), spec("DestinationRule", "d", f"{EVERY}, {MUTUAL}")], "PeerAuthentication istio-system/p", "spec.mtls.mode"),
    ("KIA0601", [spec("Service", "s", "ports: [{name: x, port: 80}]")], "Service shop/s", "spec.ports[0].name"),
    ("KIA0602", [spec("Service", "s", "ports: [{port: 80, appProtocol: x}]")], "Service shop/s", "spec.ports[0].appProtocol"),
    ("KIA0701", [WEB, DEPLOYMENT], "Service shop/web", "spec.ports[0].targetPort"),
    ("KIA1004", [spec("Sidecar", "s", "egress: [{hosts: [shop/nowhere]}]")], "Sidecar shop/s", "spec.egress[0].hosts[0]"),
    ("KIA1006", [spec("Sidecar", "s", "workloadSelector: {labels: {app: a}}", "istio-system")], "Sidecar istio-system/s", "spec.workloadSelector"),
    ("KIA1007", [spec("Sidecar", "s", "outboundTrafficPolicy: {}")], "Sidecar shop/s", "spec.outboundTrafficPolicy.mode"),
    ("KIA1101", [spec("VirtualService", "v", route("host: nowhere"))], "VirtualService shop/v", "spec.http[0].route[0].destination.host"),
    ("KIA1102", [spec("VirtualService", "v", "gateways: [nowhere]")], "VirtualService shop/v", "spec.gateways[0]"),
    ("KIA1104", [spec("VirtualService", "v", "http: [{route: [{destination: {host: web}, weight: 50}]}]")], "VirtualService shop/v", "spec.http[0].route[0].weight"),
    ("KIA1105", [spec("VirtualService", "v", "http: [{route: [{destination: {host: web}}, {destination: {host: web}}]}]")], "VirtualService shop/v", "spec.http[0].route[1].destination"),
    ("KIA1106", [spec("VirtualService", n, "hosts: [web]") for n in "vw"], "VirtualService shop/v", "spec.hosts"),
    ("KIA1107", [spec("VirtualService", "v", route("host: web, subset: v9"))], "VirtualService shop/v", "spec.http[0].route[0].destination.subset"),
    ("KIA1108", [spec("VirtualService", "v", "gateways: [edge.shop.svc.cluster.local]")], "VirtualService shop/v", "spec.gateways[0]"),
    ("KIA1201", [spec("WorkloadEntry", "w", "address: 127.0.0.3"), spec("ServiceEntry", "e", "addresses: [127.0.0.4], workloadSelector: {labels: {app: a}}")], "ServiceEntry shop/e", "spec.addresses"),
    ("KIA1301", [pod("p")], "Pod shop/p", ""),
    ("KIA1401", [spec("HTTPRoute", "r", "parentRefs: [{name: nowhere}]")], "HTTPRoute shop/r", "spec.parentRefs[0]"),
    ("KIA1402", [spec("HTTPRoute", "r", "rules: [{backendRefs: [{name: nowhere, port: 80}]}]")], "HTTPRoute shop/r", "spec.rules[0].backendRefs[0].name"),
    ("KIA1501", [spec("KGateway", n, K8S) for n in "gh"], "Gateway shop/g", "spec.listeners[0]"),
    ("KIA1502", [spec("KGateway", n, f"{K8S}, addresses: [{{value: 127.0.0.9}}]") for n in "gh"], "Gateway shop/g", "spec.addresses"),
    ("KIA1503", [spec("KGateway", "g", "gatewayClassName: istio, listeners: [{name: a, port: 80, protocol: HTTP}, {name: b, port: 80, protocol: HTTP}]")], "Gateway shop/g", "spec.listeners[1]"),
    ("KIA1504", [spec("KGateway", "g", "gatewayClassName: other")], "Gateway shop/g", "spec.gatewayClassName"),
    ("KIA1601", [spec("ReferenceGrant", "g", "from: [{namespace: nowhere}]")], "ReferenceGrant shop/g", "spec.from[0].namespace"),
    ("GWAPI", [one("HTTPRoute", "r", "status: {conditions: [{type: Accepted, status: 'False', reason: Refused}]}")], "HTTPRoute shop/r", "status.conditions[0]"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "texts", "resource", "path"), CASES, ids=lambda v: str(v)[:8])
def test_a_rule_finds_its_fault_in_files(
    code: str, texts: list[str], resource: str, path: str
) -> None:
    source = read_text("---\n".join(texts))
    assert source.findings == ()
    found = [f for f in analyze(source.cluster) if f.code == code]
    assert found, "nothing found"
    assert (found[0].resource, found[0].path) == (resource, path)
    assert found[0].severity is CATALOGUE[code].severity


NOT_IN_FILES = frozenset({"IST0001", "IST0141", "IST0142", "IST0143"})


def test_every_code_of_the_catalogue_has_a_case() -> None:
    codes = {c for c in CATALOGUE if not c.startswith("MSH")} - NOT_IN_FILES
    assert codes - {case[0] for case in CASES} == set()


def test_a_sound_shop_has_no_errors() -> None:
    rule = spec("DestinationRule", "d", "host: web, subsets: [{name: v1, labels: {app: a}}]")
    routes = spec("VirtualService", "v", f"hosts: [web], {route('host: web, subset: v1')}")
    texts = [INJECTED, WEB, pod("p", inner=PROXY), rule, routes]
    found = analyze(read_text("---\n".join(texts)).cluster)
    assert [f for f in found if f.severity is Severity.ERROR] == []


FIELDS = [
    "hosts",
    "http",
    "tls",
    "match",
    "route",
    "destination",
    "host",
    "port",
    "number",
    "selector",
    "matchLabels",
    "servers",
    "rules",
    "from",
    "source",
    "labels",
    "subsets",
    "trafficPolicy",
    "configPatches",
    "patch",
    "listeners",
    "ports",
    "name",
    "endpoints",
]
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["", "*", "a/b", "..", "x"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            FIELDS
        ),
        inner,
        max_size=5,
    ),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(sorted(SCHEMAS)), JUNK), max_size=4))
def test_no_value_makes_a_rule_fail(written: list[tuple[tuple[str, str], object]]) -> None:
    objects = tuple(
        object_of({"apiVersion": f"{group}/v1", "kind": kind, "metadata": {}, "spec": given}, "f")
        for (group, kind), given in written
    )
    analyze(Cluster(objects=objects))


def test_health_rules_that_cannot_be_read_are_told_of_services_and_pods() -> None:
    wrong = "annotations: {health.kiali.io/rate: '5XX;1'}"
    files = "---\n".join(
        (
            spec("Service", "web", "ports: [{name: http, port: 80}]", meta=f", {wrong}"),
            spec("Deployment", "d", f"template: {{metadata: {{{wrong}}}}}"),
        )
    )
    told = analyze(read_text(files).cluster)
    assert [(f.resource, f.path) for f in told if f.code == "MSH2050"] == [
        ("Service shop/web", "metadata.annotations.health.kiali.io/rate"),
        ("Deployment shop/d", "spec.template.metadata.annotations.health.kiali.io/rate"),
    ]
