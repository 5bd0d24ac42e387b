"""Files of rules: what is read, and what is said about what is wrong."""

import pytest

from metrics.rules.model import Alerting, Group, Recording
from metrics.rules.parse import MAX_FINDINGS, MAX_LABELS, parse
from rest.contracts import Finding, Severity

GOOD = """
groups:
- name: shop
  interval: 30s
  limit: 5
  query_offset: 1m
  labels: {team: a}
  rules:
  - record: job:hits:rate5m
    expr: sum by (job) (rate(hits_total[5m]))
    labels: {team: b}
  - alert: Busy
    expr: job:hits:rate5m > 5
    for: 5m
    keep_firing_for: 1m
    labels: {severity: page}
    annotations: {summary: '{{ $labels.job }} has {{ $value | humanize }}'}
"""


def test_all_of_a_good_file_is_read() -> None:
    parsed = parse(GOOD, "shop")
    assert parsed.findings == ()
    assert parsed.groups == (
        Group(
            name="shop",
            interval_ms=30_000,
            limit=5,
            offset_ms=60_000,
            rules=(
                Recording(
                    record="job:hits:rate5m",
                    expression="sum by (job) (rate(hits_total[5m]))",
                    labels=(("team", "b"),),
                ),
                Alerting(
                    alert="Busy",
                    expression="job:hits:rate5m > 5",
                    for_ms=300_000,
                    keep_firing_for_ms=60_000,
                    labels=(("severity", "page"), ("team", "a")),
                    annotations=(("summary", "{{ $labels.job }} has {{ $value | humanize }}"),),
                ),
            ),
        ),
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("groups: [", ("MSH2001", "")),
        ("- a", ("MSH2002", "")),
        ("groups: 3", ("MSH2002", "groups")),
        ("group: []", ("MSH2003", "group")),
        ("groups: [{rules: []}]", ("MSH2004", "groups[0].name")),
        ("groups: [{name: a, rulez: []}]", ("MSH2003", "groups[0].rulez")),
        ("groups: [{name: a}, {name: a}]", ("MSH2005", "groups[1].name")),
        ("groups: [{name: a, interval: soon}]", ("MSH2006", "groups[0].interval")),
        ("groups: [{name: a, interval: .nan}]", ("MSH2006", "groups[0].interval")),
        ("groups: [{name: a, interval: 999999999y}]", ("MSH2006", "groups[0].interval")),
        ("groups: [{name: a, interval: 5ms}]", ("MSH2016", "groups[0].interval")),
        ("groups: [{name: a, limit: -1}]", ("MSH2002", "groups[0].limit")),
        ("groups: [{name: a, rules: [{record: x, expr: 'sum('}]}]", ("MSH2007", "groups[0].rules[0].expr")),
        ("groups: [{name: a, rules: [{record: x}]}]", ("MSH2004", "groups[0].rules[0].expr")),
        ("groups: [{name: a, rules: [{record: x, alert: y, expr: '1'}]}]", ("MSH2008", "groups[0].rules[0]")),
        ("groups: [{name: a, rules: [{expr: '1'}]}]", ("MSH2008", "groups[0].rules[0]")),
        ("groups: [{name: a, rules: [{record: 'a b', expr: '1'}]}]", ("MSH2009", "groups[0].rules[0].record")),
        ("groups: [{name: a, rules: [{record: x, expr: '1', labels: {a-b: c}}]}]", ("MSH2010", "groups[0].rules[0].labels.a-b")),
        ("groups: [{name: a, rules: [{record: x, expr: '1', for: 5m}]}]", ("MSH2011", "groups[0].rules[0].for")),
        ("groups: [{name: a, rules: [{alert: x, expr: '1', annotations: {a: '{{ query }}'}}]}]", ("MSH2012", "groups[0].rules[0].annotations.a")),
        ("groups: [{name: a, rules: [{record: x, expr: 'up[5m]'}]}]", ("MSH2013", "groups[0].rules[0].expr")),
        ("groups: [{name: a, rules: [{record: x, expr: '1'}, {record: x, expr: '2'}]}]", ("MSH2014", "groups[0].rules[1]")),
        ("#" * (2 << 20), ("MSH2015", "")),
    ],
)  # fmt: skip
def test_each_fault_has_its_code_and_place(text: str, expected: tuple[str, str]) -> None:
    (finding,) = parse(text, "bad").findings
    assert (finding.code, finding.path) == expected
    assert finding.resource == "RuleFile bad"
    assert finding.message


def test_a_bad_expression_is_told_with_its_place_and_hint() -> None:
    text = "groups: [{name: a, rules: [{record: x, expr: 'sum(up) bi (job)'}]}]"
    assert parse(text, "bad").findings == (
        Finding(
            code="MSH2007",
            severity=Severity.ERROR,
            resource="RuleFile bad",
            path="groups[0].rules[0].expr",
            message=parse(text, "bad").findings[0].message,
        ),
    )
    assert "1:9: " in parse(text, "bad").findings[0].message


def test_an_empty_file_has_no_groups() -> None:
    assert parse("", "empty").groups == ()
    assert parse("", "empty").sound


def test_of_many_findings_the_first_are_told_and_the_others_counted() -> None:
    parsed = parse("\n".join(f"key_{index}: 1" for index in range(60_000)), "shop")
    assert not parsed.sound
    assert [one.path for one in parsed.findings] == [
        *(f"key_{index}" for index in range(MAX_FINDINGS)),
        "",
    ]
    assert parsed.findings[-1] == Finding(
        code="MSH2017",
        severity=Severity.WARNING,
        resource="RuleFile shop",
        path="",
        message="59800 more findings are not told",
        fix="correct those before it first",
    )


def test_a_mapping_has_as_many_labels_as_a_series() -> None:
    labels = ", ".join(f"k{index}: v" for index in range(MAX_LABELS + 1))
    parsed = parse(f"groups: [{{name: a, labels: {{{labels}}}}}]", "shop")
    assert [(one.code, one.path) for one in parsed.findings] == [("MSH2015", "groups[0].labels")]
