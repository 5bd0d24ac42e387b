"""A scrape configuration as Prometheus's users have it becomes jobs; what is wrong is told with its path."""

from pathlib import PurePath

import pytest

from telemetry.scrape.configuration import configuration, groups_of, seconds_of, written
from telemetry.scrape.discovery import Discovery
from telemetry.scrape.jobs import Credentials, Group, Job, Limits
from telemetry.scrape.own import own_configuration
from telemetry.scrape.relabel import Action, Rule
from telemetry.scrape.targets import Target, targets_of

FULL = """
global: {scrape_interval: 30s, scrape_timeout: 5s, evaluation_interval: 1m, sample_limit: 9}
scrape_configs:
- job_name: shop
  scrape_interval: 1m30s
  metrics_path: /internal/metrics
  scheme: https
  honor_labels: true
  honor_timestamps: false
  params: {module: [a, b]}
  basic_auth: {username: ann, password_file: secret}
  body_size_limit: 1MB
  label_limit: 30
  label_name_length_limit: 40
  label_value_length_limit: 50
  static_configs:
  - targets: ["10.0.0.1:80", "10.0.0.2:80"]
    labels: {zone: a}
  file_sd_configs: [{files: ["targets/*.json"], refresh_interval: 1m}]
  relabel_configs:
  - {source_labels: [zone], regex: b, action: drop}
  metric_relabel_configs:
  - {regex: noise_.*, action: labeldrop}
"""


def test_all_of_a_job_is_read() -> None:
    read = configuration(FULL, base=PurePath("/etc/mesh"))
    assert [(one.severity, one.path) for one in read.problems] == [
        ("warning", "global.evaluation_interval")
    ]
    assert read.jobs == (
        Job(
            name="shop",
            interval=90.0,
            timeout=5.0,
            path="/internal/metrics",
            scheme="https",
            honor_labels=True,
            honor_timestamps=False,
            params={"module": ("a", "b")},
            credentials=Credentials(scheme="Basic", username="ann", secret_file="/etc/mesh/secret"),
            limits=Limits(samples=9, labels=30, label_name=40, label_value=50, body=1 << 20),
            groups=(Group(targets=("10.0.0.1:80", "10.0.0.2:80"), labels={"zone": "a"}),),
            files=("/etc/mesh/targets/*.json",),
            relabel=(Rule(action=Action.DROP, source=("zone",), regex="b"),),
            metric_relabel=(Rule(action=Action.LABELDROP, regex="noise_.*"),),
        ),
    )


@pytest.mark.parametrize(
    ("job", "code", "path"),
    [
        ("{scrape_interval: 5s}", "MSH2104", "scrape_configs[0].job_name"),
        ("{job_name: x, scrape_intervall: 5s}", "MSH2103", "scrape_configs[0].scrape_intervall"),
        ("{job_name: x, scrape_interval: fast}", "MSH2106", "scrape_configs[0].scrape_interval"),
        ("{job_name: x, scrape_interval: 10ms}", "MSH2109", "scrape_configs[0].scrape_interval"),
        ("{job_name: x, scrape_interval: 5s, scrape_timeout: 6s}", "MSH2109", "scrape_configs[0].scrape_timeout"),
        ("{job_name: x, scheme: ftp}", "MSH2102", "scrape_configs[0].scheme"),
        ("{job_name: x, static_configs: [{targets: ['http://x/y']}]}", "MSH2109", "scrape_configs[0].static_configs[0].targets[0]"),
        ("{job_name: x, static_configs: {targets: []}}", "MSH2102", "scrape_configs[0].static_configs"),
        ("{job_name: x, relabel_configs: [{regex: '('}]}", "MSH2107", "scrape_configs[0].relabel_configs[0].regex"),
        ("{job_name: x, relabel_configs: [{action: hashmod, target_label: a}]}", "MSH2109", "scrape_configs[0].relabel_configs[0]"),
        ("{job_name: x, relabel_configs: [{action: nonsense}]}", "MSH2102", "scrape_configs[0].relabel_configs[0].action"),
        ("{job_name: x, basic_auth: {username: a}, bearer_token: b}", "MSH2109", "scrape_configs[0]"),
        ("{job_name: x, body_size_limit: much}", "MSH2102", "scrape_configs[0].body_size_limit"),
        ("{job_name: x, kubernetes_sd_configs: [{role: node}]}", "MSH2102", "scrape_configs[0].kubernetes_sd_configs[0].role"),
        ("{job_name: good}", "MSH2105", "scrape_configs[0].job_name"),
    ],
)  # fmt: skip
def test_a_bad_job_is_told_and_its_neighbour_stays(job: str, code: str, path: str) -> None:
    first = "{job_name: good}"
    order = (first, job) if code == "MSH2105" else (job, first)
    read = configuration("scrape_configs:\n" + "".join(f"- {one}\n" for one in order))
    where = path.replace("[0]", "[1]", 1) if code == "MSH2105" else path
    assert (code, where) in [(one.code, one.path) for one in read.problems]
    assert [one.name for one in read.jobs] == ["good"]


@pytest.mark.parametrize(
    "field", ["oauth2: {}", "proxy_url: http://p", "consul_sd_configs: []", "enable_http2: true"]
)
def test_what_only_prometheus_does_is_told_and_the_job_stays(field: str) -> None:
    read = configuration(f"scrape_configs:\n- job_name: x\n  {field}\n")
    assert [(one.code, one.severity) for one in read.problems] == [("MSH2108", "warning")]
    assert [one.name for one in read.jobs] == ["x"]


@pytest.mark.parametrize("text", ["a: [", "\t", "[1, 2]", "scrape_configs: 1", "- &a [*a]"])
def test_what_is_no_configuration_is_told(text: str) -> None:
    read = configuration(text)
    assert read.jobs == ()
    assert [one.severity for one in read.problems] == ["error"]


def test_aliases_of_aliases_are_refused() -> None:
    levels = "\n".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9))
    read = configuration(f"a0: &a0 [x]\n{levels}\n")
    assert [one.code for one in read.problems] == ["MSH2101"]


def test_secrets_are_not_shown() -> None:
    text = configuration(
        "scrape_configs: [{job_name: x, basic_auth: {username: a, password: hush}}]"
    ).text
    assert "hush" not in text
    assert "<secret>" in text


def test_a_file_of_targets_is_json_or_yaml() -> None:
    expected = (Group(targets=("a:1",), labels={"zone": "b"}),)
    assert groups_of('[{"targets": ["a:1"], "labels": {"zone": "b"}}]') == (expected, ())
    assert groups_of("- targets: ['a:1']\n  labels: {zone: b}\n") == (expected, ())
    groups, problems = groups_of('[{"targets": "a:1"}]')
    assert (groups, [one.code for one in problems]) == ((), ["MSH2102"])


def test_durations_are_prometheus_own() -> None:
    assert [seconds_of(text) for text in ("1h30m", "500ms", "0", "", "5", "1m1h")] == [
        5400.0, 0.5, 0.0, None, None, None,
    ]  # fmt: skip
    assert [written(one) for one in (5400, 0.5, 15, 90061)] == ["1h30m", "500ms", "15s", "1d1h1m1s"]


def target(job: Job) -> Target:
    (found,) = targets_of(job, job.groups).targets
    return found


def test_a_target_has_its_labels_and_address() -> None:
    job = Job(
        name="shop",
        params={"module": ("a", "b")},
        groups=(Group(targets=("10.0.0.1:80",), labels={"zone": "a", "__param_module": "c"}),),
    )
    found = target(job)
    assert found.url == "http://10.0.0.1:80/metrics?module=a&module=b"
    assert found.labels == {"instance": "10.0.0.1:80", "job": "shop", "zone": "a"}
    assert found.discovered == {
        "__address__": "10.0.0.1:80",
        "__metrics_path__": "/metrics",
        "__param_module": "a",
        "__scheme__": "http",
        "__scrape_interval__": "1m",
        "__scrape_timeout__": "10s",
        "job": "shop",
        "zone": "a",
    }


def test_rules_may_change_all_of_a_target() -> None:
    rules = (
        Rule(target="__address__", replacement="10.0.0.9:90"),
        Rule(target="__scheme__", replacement="https"),
        Rule(target="__metrics_path__", replacement="/other"),
        Rule(target="__scrape_interval__", replacement="5s"),
        Rule(target="__scrape_timeout__", replacement="1s"),
        Rule(target="__param_x", replacement="y z"),
        Rule(target="instance", replacement="mine"),
    )
    job = Job(name="shop", relabel=rules, groups=(Group(targets=("10.0.0.1:80",)),))
    found = target(job)
    assert (found.url, found.interval, found.timeout) == (
        "https://10.0.0.9:90/other?x=y+z",
        5.0,
        1.0,
    )
    assert found.labels == {"instance": "mine", "job": "shop"}


def test_dropped_bad_and_too_many_targets_are_told() -> None:
    groups = (Group(targets=("a:1", "b:1", "b:1", "c:1"), labels={}),)
    keep = Rule(action=Action.KEEP, source=("__address__",), regex="[bc]:1")
    found = targets_of(Job(name="x", relabel=(keep,)), groups)
    assert [one.host for one in found.targets] == ["b:1", "c:1"]
    assert ([one["__address__"] for one in found.dropped], found.dropped_count) == (["a:1"], 1)
    few = targets_of(Job(name="x", limits=Limits(targets=2)), groups)
    assert few.error == "target_limit exceeded (number of targets: 3, limit: 2)"
    bad = targets_of(Job(name="x", relabel=(Rule(target="__scrape_timeout__", replacement="2m"),)), groups)  # fmt: skip
    assert "scrape timeout cannot be greater than scrape interval (2m > 1m)" in bad.wrong[0]


def test_only_the_registry_is_trusted_and_only_for_its_own_hosts() -> None:
    elsewhere = Rule(target="__address__", replacement="169.254.169.254:80")
    group = Group(targets=("10.0.0.1:80",), trusted=True)
    port = Rule(source=("__address__",), regex="(.*):.*", replacement="$1:9", target="__address__")
    assert [
        targets_of(Job(name="x", relabel=(rule,)), (group,)).targets[0].trusted
        for rule in (port, elsewhere)
    ] == [True, False]


PODS = (
    b'[{"targets": ["127.67.0.1:9080", "127.67.0.2:9080"], "labels": {"__meta_kubernetes_namespace": "shop",'
    b' "__meta_kubernetes_pod_name": "cart", "__meta_kubernetes_pod_label_app": "cart",'
    b' "__meta_kubernetes_pod_annotation_prometheus_io_scrape": "true",'
    b' "__meta_kubernetes_pod_annotation_prometheus_io_port": "9102",'
    b' "__meta_kubernetes_pod_annotation_prometheus_io_path": "/m",'
    b' "__meta_kubernetes_pod_annotation_prometheus_io_scheme": "https"}},'
    b' {"targets": ["127.67.0.3:9080"], "labels": {"__meta_kubernetes_namespace": "shop"}}]'
)


def test_pods_are_scraped_where_their_annotations_say() -> None:
    view = Discovery("/nowhere", own_configuration("", "")).look(PODS)
    found = view.found["kubernetes-pods"]
    assert [(one.url, one.trusted) for one in found.targets] == [
        ("https://127.67.0.1:9102/m", True),
        ("https://127.67.0.2:9102/m", True),
    ]
    assert found.targets[0].labels == {
        "app": "cart",
        "instance": "127.67.0.1:9102",
        "job": "kubernetes-pods",
        "namespace": "shop",
        "pod": "cart",
    }
    assert found.dropped_count == 1
