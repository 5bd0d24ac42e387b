"""Rules are evaluated when their time has come, and their results are in the store."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from metrics import selectors, services
from metrics.models import RuleFile, RuleGroup
from metrics.promql.engine import Answer
from metrics.promql.labels import Labels
from metrics.promql.series import Grid
from telemetry.store.client import Store
from telemetry.store.writing import SampleWriter
from tests.metrics.stored import put

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE = 60_000
NOW = 1_700_000_040_000
TEXT = """
groups:
- name: shop
  interval: 1m
  rules:
  - record: job:load
    expr: sum by (job) (load)
    labels: {made: here}
  - record: job:load:double
    expr: job:load * 2
  - alert: Loaded
    expr: job:load > 25
    for: 1m
  - record: broken
    expr: load + on (nothing) load
"""


@pytest.fixture(scope="module")
def filled(store: Store) -> Store:
    data: dict[Labels, list[tuple[int, float]]] = {
        (("__name__", "load"), ("host", host), ("job", job)): [
            (NOW + i * 15_000, value) for i in range(40 if job == "api" else 5)
        ]
        for host, job, value in (("a", "api", 10.0), ("b", "api", 20.0), ("c", "db", 1.0))
    }
    put(store, data, "load")
    return store


@pytest.fixture
def stored(filled: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    writer = SampleWriter(filled)
    monkeypatch.setattr(selectors, "store", lambda: filled)
    monkeypatch.setattr(services, "sample_writer", lambda: writer)
    with override_settings(QUERY_MAX_SAMPLES=1_000_000, RULE_FILES="/nowhere/*.yaml"):
        yield filled


def value(query: str, at: int) -> dict[str, float]:
    """By the job."""
    answer = selectors.engine(10).instant(query, at)
    assert isinstance(answer, Answer), answer
    assert isinstance(answer.value, Grid)
    return {
        dict(labels).get("job", ""): float(row[0])
        for labels, row in zip(answer.value.labels, answer.value.values, strict=True)
    }


def begin(name: str = "shop") -> int:
    """Its first moment."""
    assert services.put_file(name, TEXT, NOW).sound
    return int(RuleGroup.objects.get(file__name=name).next_at_ms)


def states(name: str = "shop") -> list[dict[str, Any]]:
    return list(RuleGroup.objects.get(file__name=name).state)


def test_results_are_written_back_and_later_rules_see_them(stored: Store) -> None:
    first = begin()
    assert NOW <= first < NOW + MINUTE
    assert services.evaluate_due(first - 1) == 0
    assert services.evaluate_due(first) == 1
    assert services.evaluate_due(first) == 0
    assert value('job:load{made="here"}', first) == {"api": 30.0, "db": 1.0}
    assert value("job:load:double", first) == {"api": 60.0, "db": 2.0}
    assert [one["health"] for one in states()] == ["ok", "ok", "ok", "err"]
    assert "duplicate series" in states()[3]["error"]


def test_an_alert_becomes_series_and_a_lost_series_ends_at_once(stored: Store) -> None:
    first = begin("alerting")
    services.evaluate_due(first)
    assert value('ALERTS{alertstate="pending"}', first) == {"api": 1.0}
    services.evaluate_due(first + MINUTE)
    assert value('ALERTS{alertstate="firing"}', first + MINUTE) == {"api": 1.0}
    assert value('ALERTS{alertstate="pending"}', first + MINUTE) == {}
    late = first + 7 * MINUTE
    services.evaluate_due(late)
    assert value('job:load{made="here"}', late) == {"api": 30.0}  # of db nothing came for 5 minutes


def test_missed_moments_are_counted_and_not_made_up_for(stored: Store) -> None:
    first = begin("late")
    assert services.evaluate_due(first + 5 * MINUTE + 7) == 1
    group = RuleGroup.objects.get(file__name="late")
    assert (group.missed, group.evaluated_at_ms) == (5, first + 5 * MINUTE)
    assert group.next_at_ms == first + 6 * MINUTE


def test_a_change_keeps_what_stays_and_ends_what_goes(stored: Store) -> None:
    first = begin("changing")
    services.evaluate_due(first)
    shorter = TEXT.replace("  - record: job:load:double\n    expr: job:load * 2\n", "")
    assert services.put_file("changing", shorter, first + 1000).sound
    group = RuleGroup.objects.get(file__name="changing")
    assert group.next_at_ms == first + MINUTE
    assert len(group.state) == 3
    assert value("job:load:double", first + 1000) == {}
    assert value("job:load", first + 1000) == {"api": 30.0, "db": 1.0}
    assert services.delete_file("changing", first + 2000)
    assert value("job:load", first + 2000) == {}
    assert not services.delete_file("changing", first + 2000)


def test_a_file_with_errors_changes_nothing(stored: Store) -> None:
    begin("kept")
    assert not services.put_file("kept", "groups: [{name: x, rules: [{record: y}]}]", NOW).sound
    assert RuleFile.objects.get(name="kept").text == TEXT


def test_files_come_and_go_with_the_directory(
    stored: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "a.yaml"
    with override_settings(RULE_FILES=f"{tmp_path}/*.yaml"):
        path.write_text(TEXT)
        services.sync_files(NOW)
        assert [(f.name, f.on_disk) for f in RuleFile.objects.all()] == [(str(path), True)]
        path.write_text("groups: [")
        services.sync_files(NOW)
        services.sync_files(NOW)
        assert RuleFile.objects.get().text == TEXT
        assert sum("are not taken" in one.message for one in caplog.records) == 1
        path.unlink()
        services.sync_files(NOW)
        assert not RuleFile.objects.exists()


def test_a_store_that_is_away_is_told_and_tried_again(
    stored: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from telemetry.store.client import StoreAddress  # noqa: PLC0415

    first = begin("away")
    nowhere = Store(StoreAddress(host="127.0.0.1", port=1, user="x", password=""))
    monkeypatch.setattr(selectors, "store", lambda: nowhere)
    services.evaluate_due(first)
    assert {one["health"] for one in states("away")} == {"err"}
    monkeypatch.setattr(selectors, "store", lambda: stored)
    services.evaluate_due(first + MINUTE)
    assert states("away")[0]["health"] == "ok"
