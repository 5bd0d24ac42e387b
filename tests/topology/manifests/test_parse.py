"""Kubernetes manifests become values, and everything wrong with them a finding."""

from typing import Any

import pytest
import yaml

from rest.contracts import Finding, Severity
from topology import manifests
from topology.contracts import (
    AppProtocol,
    Container,
    ContainerPort,
    Namespace,
    Pod,
    Registry,
    Service,
    ServicePort,
    Workload,
)

REVIEWS = """
replicas: 2
selector: {matchLabels: {app: reviews}}
template:
  metadata: {labels: {app: reviews, version: v1}}
  spec:
    serviceAccountName: reviews
    containers:
    - name: app
      image: reviews:1
      command: [python, -m, reviews]
      args: [--quiet]
      env:
      - {name: RATINGS, value: "http://ratings:9080"}
      - {name: ME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
      ports: [{name: http, containerPort: 9080}]
"""


def deployment(text: str, name: str = "reviews-v1") -> manifests.Parsed:
    return manifests.parse(
        kind="Deployment", namespace="shop", name=name, spec=yaml.safe_load(text)
    )


def service(spec: dict[str, Any], name: str = "reviews") -> manifests.Parsed:
    return manifests.parse(kind="Service", namespace="shop", name=name, spec=spec)


def said(parsed: manifests.Parsed) -> list[tuple[str, str]]:
    return [(f.code, f.path) for f in parsed.findings]


def workload(text: str = REVIEWS, name: str = "reviews-v1") -> Workload:
    value = deployment(text, name).value
    assert isinstance(value, Workload)
    return value


def test_a_deployment_becomes_a_workload() -> None:
    assert deployment(REVIEWS) == manifests.Parsed(
        value=Workload(
            namespace="shop",
            name="reviews-v1",
            labels=(("app", "reviews"), ("version", "v1")),
            service_account="reviews",
            replicas=2,
            container=Container(
                name="app",
                command=("python", "-m", "reviews", "--quiet"),
                env=(("RATINGS", "http://ratings:9080"), ("ME", "$(POD_NAME)")),
                ports=(ContainerPort(number=9080, name="http"),),
            ),
            template_hash=manifests.template_hash(yaml.safe_load(REVIEWS)["template"]),
        )
    )


def test_a_changed_template_has_another_hash_and_a_changed_scale_has_not() -> None:
    assert workload(REVIEWS.replace("v1", "v2")).template_hash != workload().template_hash
    assert workload(REVIEWS.replace("replicas: 2", "replicas: 5")).template_hash == (
        workload().template_hash
    )


GATEWAY = """
selector: {matchLabels: {istio: ingressgateway}}
template:
  metadata: {labels: {istio: ingressgateway}}
  spec:
    containers: [{name: istio-proxy, image: auto, ports: [{containerPort: 8080, hostPort: 8080}]}]
"""


@pytest.mark.parametrize(
    "text",
    [
        GATEWAY,
        GATEWAY.replace(
            "{labels: {istio: ingressgateway}}",
            "{labels: {istio: ingressgateway, sidecar.istio.io/inject: 'false'}}",
        ),
        GATEWAY.replace(
            "{labels: {istio: ingressgateway}}",
            "{labels: {istio: ingressgateway}, annotations: {inject.istio.io/templates: gateway}}",
        ),
    ],
)
def test_a_gateway_has_an_envoy_and_needs_no_command(text: str) -> None:
    parsed = deployment(text)
    assert isinstance(parsed.value, Workload)
    assert (parsed.value.gateway, parsed.value.sidecar, parsed.findings) == (True, True, ())
    assert parsed.value.container is not None
    assert parsed.value.container.ports == (ContainerPort(number=8080, host_port=8080),)


@pytest.mark.parametrize("where", ["labels", "annotations"])
def test_a_pod_can_refuse_its_sidecar(where: str) -> None:
    spec = yaml.safe_load(REVIEWS)
    spec["template"]["metadata"].setdefault(where, {})["sidecar.istio.io/inject"] = "false"
    parsed = manifests.parse(kind="Deployment", namespace="shop", name="reviews", spec=spec)
    assert isinstance(parsed.value, Workload)
    assert not parsed.value.sidecar


@pytest.mark.parametrize(
    ("port", "protocol"),
    [
        ({"name": "http"}, AppProtocol.HTTP),
        ({"name": "http-web"}, AppProtocol.HTTP),
        ({"name": "grpc-api"}, AppProtocol.GRPC),
        ({"name": "grpc-web"}, AppProtocol.HTTP),
        ({"name": "http2-x"}, AppProtocol.HTTP2),
        ({"name": "tcp-x"}, AppProtocol.TCP),
        ({"name": "redis"}, AppProtocol.TCP),
        ({"name": "https"}, AppProtocol.HTTPS),
        ({"name": "whatever"}, AppProtocol.TCP),
        ({}, AppProtocol.TCP),
        ({"name": "tcp", "appProtocol": "http"}, AppProtocol.HTTP),
        ({"name": "web", "appProtocol": "kubernetes.io/h2c"}, AppProtocol.HTTP2),
    ],
)
def test_a_port_has_the_protocol_that_istio_gives_it(
    port: dict[str, str], protocol: AppProtocol
) -> None:
    value = service({"ports": [{**port, "port": 80}]}).value
    assert isinstance(value, Service)
    assert [p.protocol for p in value.ports] == [protocol]


@pytest.mark.parametrize(
    ("before", "after", "finding"),
    [
        ("replicas: 2", "replicas: two", ("MSH2001", "spec.replicas")),
        ("replicas: 2", "replicas: true", ("MSH2001", "spec.replicas")),
        ("replicas: 2", "replicas: -1", ("MSH2001", "spec.replicas")),
        ("replicas: 2", "replicas: 999999999999", ("MSH2001", "spec.replicas")),
        ("replicas: 2", "replica: 2", ("MSH2002", "spec.replica")),
        ("replicas: 2", "minReadySeconds: 2", ("MSH2003", "spec.minReadySeconds")),
        (
            "selector: {matchLabels: {app: reviews}}",
            "selector: {matchLabels: {app: x}}",
            ("MSH2007", "spec.selector.matchLabels"),
        ),
        ("selector: {matchLabels: {app: reviews}}", "paused: null", ("MSH2004", "spec.selector")),
        (
            "command: [python, -m, reviews]",
            "command: [python, 7]",
            ("MSH2001", "spec.template.spec.containers[0].command[1]"),
        ),
        (
            "containerPort: 9080",
            "containerPort: 90800",
            ("MSH2005", "spec.template.spec.containers[0].ports[0].containerPort"),
        ),
        (
            "image: reviews:1",
            "livenessProbe: {httpGet: {port: 80}}",
            ("MSH2003", "spec.template.spec.containers[0].livenessProbe"),
        ),
        (
            "fieldRef: {fieldPath: metadata.name}",
            "secretKeyRef: {name: a, key: b}",
            ("MSH2003", "spec.template.spec.containers[0].env[1].valueFrom"),
        ),
        (
            "serviceAccountName: reviews",
            "volumes: [{name: data, emptyDir: {}}]",
            ("MSH2003", "spec.template.spec.volumes"),
        ),
    ],
)
def test_what_is_wrong_with_a_deployment_is_said_with_its_path(
    before: str, after: str, finding: tuple[str, str]
) -> None:
    assert before in REVIEWS
    assert said(deployment(REVIEWS.replace(before, after))) == [finding]


def test_a_deployment_without_containers_or_command_says_so() -> None:
    assert said(deployment("{selector: {matchLabels: {a: b}}, template: 7}")) == [
        ("MSH2001", "spec.template"),
        ("MSH2007", "spec.selector.matchLabels"),
        ("MSH2012", "spec.template.spec.containers"),
    ]
    text = REVIEWS.replace("command: [python, -m, reviews]", "").replace("args: [--quiet]", "")
    assert said(deployment(text)) == [("MSH2008", "spec.template.spec.containers[0].command")]


@pytest.mark.parametrize(
    ("spec", "findings"),
    [
        ({"ports": "80"}, [("MSH2001", "spec.ports")]),
        ({"ports": [{"port": 0}]}, [("MSH2005", "spec.ports[0].port")]),
        ({"ports": [{"name": "http"}]}, [("MSH2004", "spec.ports[0].port")]),
        ({"ports": [{"port": 80, "targetport": 1}]}, [("MSH2002", "spec.ports[0].targetport")]),
        ({"ports": [{"port": 80, "protocol": "UDP"}]}, [("MSH2003", "spec.ports[0].protocol")]),
        ({"ports": [{"port": 80, "appProtocol": "x"}]}, [("MSH2010", "spec.ports[0].appProtocol")]),
        (
            {"ports": [{"port": 80, "name": "a"}, {"port": 80}]},
            [("MSH2011", "spec.ports[1].name"), ("MSH2006", "spec.ports")],
        ),
        ({"sessionAffinity": "ClientIP"}, [("MSH2003", "spec.sessionAffinity")]),
        ({"selector": {"app": 1}}, [("MSH2001", "spec.selector.app")]),
    ],
)
def test_what_is_wrong_with_a_service_is_said_with_its_path(
    spec: dict[str, Any], findings: list[tuple[str, str]]
) -> None:
    assert said(service(spec)) == findings


def test_one_set_of_manifests_is_one_registry() -> None:
    reviews = workload(REVIEWS.replace("replicas: 2", "replicas: 1"))
    front = service({"selector": {"app": "reviews"}, "ports": [{"port": 80, "targetPort": "http"}]})
    assert front.value is not None
    registry = manifests.assemble([reviews, front.value], network=70)
    name = f"reviews-v1-{reviews.template_hash}"
    assert registry == Registry(
        namespaces=(Namespace(name="shop"),),
        services=(
            Service(
                namespace="shop",
                name="reviews",
                selector=(("app", "reviews"),),
                ports=(
                    ServicePort(
                        name="",
                        number=80,
                        target_port=9080,
                        target_name="http",
                        protocol=AppProtocol.TCP,
                        local_port=20000,
                    ),
                ),
            ),
        ),
        workloads=(reviews,),
        pods=(
            Pod(
                namespace="shop",
                name=registry.pods[0].name,
                uid=registry.pods[0].uid,
                workload="reviews-v1",
                replica_set=name,
                labels=(
                    ("app", "reviews"),
                    ("pod-template-hash", reviews.template_hash),
                    ("version", "v1"),
                ),
                service_account="reviews",
                node="local",
                address="127.70.0.2",
                app_address="127.71.0.2",
                outbound_address="127.72.0.2",
                ports=(ContainerPort(number=9080, name="http"),),
            ),
        ),
    )
    assert registry.pods[0].name.startswith(name + "-")
    assert registry == manifests.assemble([front.value, reviews], network=70)


def test_a_named_target_port_that_nobody_has_is_said() -> None:
    front = service({"selector": {"app": "reviews"}, "ports": [{"port": 80, "targetPort": "web"}]})
    assert isinstance(front.value, Service)
    services, findings = manifests.with_target_ports([front.value], [workload()])
    assert [p.target_port for p in services[0].ports] == [80]
    assert [(f.code, f.resource, f.path) for f in findings] == [
        ("MSH2009", "Service shop/reviews", "spec.ports[0].targetPort")
    ]


def test_local_ports_stay_what_they_were_and_new_ones_follow() -> None:
    services = [
        Service(
            namespace="shop",
            name=name,
            ports=(ServicePort(name="", number=1, target_port=1, protocol=AppProtocol.TCP),),
        )
        for name in ("b", "a")
    ]
    numbered = manifests.with_local_ports(services, {("shop", "b", 1): 20004})
    assert [(s.name, s.ports[0].local_port) for s in numbered] == [("a", 20005), ("b", 20004)]


@pytest.mark.parametrize(
    ("ordinal", "address"), [(0, "127.66.0.2"), (252, "127.66.0.254"), (253, "127.66.1.2")]
)
def test_pod_addresses_skip_the_ends_of_each_256(ordinal: int, address: str) -> None:
    assert manifests.address(66, ordinal) == address


def test_health_rules_that_cannot_be_read_are_told_where_they_stand() -> None:
    wrong = (("health.kiali.io/rate", "5XX,often,5,http,inbound"),)
    found = manifests.parse(
        kind="Service", namespace="shop", name="reviews", spec={}, annotations=wrong
    )
    assert found.findings == (
        Finding(
            code="MSH2050",
            severity=Severity.WARNING,
            resource="Service shop/reviews",
            path="metadata.annotations.health.kiali.io/rate",
            message=(
                "annotation health.kiali.io/rate cannot be read, so the usual health rules hold:"
                " 'often' is not a percentage"
            ),
            fix=(
                "write codes, the percentages from which on they degrade and fail, protocols and"
                ' directions, with commas between: "5XX,1,5,http,inbound"; more such rules after a'
                " semicolon"
            ),
        ),
    )
    told = yaml.safe_load(REVIEWS)
    told["template"]["metadata"]["annotations"] = dict(wrong)
    path = "spec.template.metadata.annotations.health.kiali.io/rate"
    assert said(deployment(yaml.safe_dump(told))) == [("MSH2050", path)]
