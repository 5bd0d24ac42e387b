"""Rules over REST, and as Prometheus tells them."""

from collections.abc import Iterator

import pytest

from tests.metrics.served import Served, served

GOOD = b"""
groups:
- name: shop
  interval: 30s
  rules:
  - {record: a, expr: vector(1)}
  - {alert: B, expr: vector(1), for: 1m, labels: {severity: page}}
- name: other
  rules:
  - {record: c, expr: vector(2)}
"""
API, FILES = "/prometheus/api/v1", "/api/v1/rule-files"
YAML = {"Content-Type": "application/yaml"}


@pytest.fixture(scope="module")
def web() -> Iterator[Served]:
    with served() as running:
        yield running


def test_a_broken_file_is_refused_with_findings_and_changes_nothing(web: Served) -> None:
    broken = b"groups: [{name: a, rules: [{record: x, expr: 'sum('}]}]"
    status, body = web.ask(f"{FILES}/broken", broken, YAML, method="PUT")
    assert status == 422
    (finding,) = body["findings"]
    assert (finding["code"], finding["path"]) == ("MSH2007", "groups[0].rules[0].expr")
    assert web.get(FILES)[1]["items"] == []


def test_a_dry_run_stores_nothing(web: Served) -> None:
    status, body = web.ask(f"{FILES}/shop?dry_run=true", GOOD, YAML, method="PUT")
    assert (status, body["stored"], body["groups"], body["rules"]) == (200, False, 2, 3)
    assert web.get(f"{FILES}/shop")[0] == 404


def test_rules_are_stored_told_and_taken_away(web: Served) -> None:
    assert web.ask(f"{FILES}/shop", GOOD, YAML, method="PUT")[0] == 200
    _, body = web.get(f"{API}/rules")
    groups = body["data"]["groups"]
    assert [(one["name"], one["file"], one["interval"]) for one in groups] == [
        ("shop", "shop", 30),
        ("other", "shop", 60),
    ]
    recording, alerting = groups[0]["rules"]
    assert (recording["type"], recording["health"]) == ("recording", "unknown")
    assert recording["lastEvaluation"] == "0001-01-01T00:00:00Z"
    assert (alerting["type"], alerting["duration"], alerting["alerts"]) == ("alerting", 60, [])
    _, body = web.get(f"{API}/rules", {"type": "alert"})
    assert [rule["name"] for one in body["data"]["groups"] for rule in one["rules"]] == ["B"]
    _, body = web.get(f"{API}/rules", {"group_limit": 1})
    token = body["data"]["groupNextToken"]
    _, body = web.get(f"{API}/rules", {"group_limit": 1, "group_next_token": token})
    assert [one["name"] for one in body["data"]["groups"]] == ["other"]
    assert web.get(f"{API}/rules", {"type": "x"})[0] == 400
    assert web.get(f"{API}/alerts")[1]["data"] == {"alerts": []}
    assert web.ask(f"{FILES}/shop", method="DELETE")[0] == 204
    assert web.ask(f"{FILES}/shop", method="DELETE")[0] == 404
    assert web.get(f"{API}/rules")[1]["data"] == {"groups": []}


def test_whoever_is_bound_to_namespaces_cannot_change_rules(web: Served) -> None:
    words = ("--role", "operator", "--name", "ci", "--namespace", "shop")
    token = web.run("token", "create", *words).strip()
    status, _ = web.ask(f"{FILES}/shop", GOOD, YAML, token=token, method="PUT")
    assert status == 403
    assert web.get(FILES, token=token)[0] == 200
