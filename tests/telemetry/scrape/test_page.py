"""A target's pages become rows: series that come, stay and end, within their limits."""

import struct
from typing import Any

import pytest

from telemetry.ingest.quotas import Quotas
from telemetry.ingest.series import id_of_labels
from telemetry.ingest.written import Written
from telemetry.scrape.jobs import Group, Job, Limits
from telemetry.scrape.page import Outcome, Pages, joined
from telemetry.scrape.relabel import Action, Rule
from telemetry.scrape.targets import Target, targets_of

NOW = 1_700_000_000_000
STALE = 0x7FF0000000000002
LABELS = {"instance": "a:1", "job": "x"}


def target(**words: Any) -> Target:
    job = Job(name="x", groups=(Group(targets=("a:1",)),), **words)
    return targets_of(job, job.groups).targets[0]


def pages(quotas: Quotas | None = None, **words: Any) -> Pages:
    return Pages(target(**words), (quotas or Quotas()).share())


def take(of: Pages, text: str, now: int = NOW, *, open_metrics: bool = False) -> tuple[dict[str, int], str, Written]:  # fmt: skip
    """Bits of the samples at `now` or of their own time by series, the error, the rows."""
    written, outcome = of.page(text.encode(), Outcome(seconds=0.5), now, open_metrics=open_metrics)
    return values(written), outcome.error, written


NAMES = {
    id_of_labels(name, {**LABELS, **labels}): name + "".join(labels.values())
    for name in ("up", "scrape_duration_seconds", "scrape_samples_scraped", "scrape_samples_post_metric_relabeling", "scrape_series_added", "a", "b", "c")
    for labels in ({}, {"k": "1"}, {"k": "2"})
}  # fmt: skip


def values(written: Written) -> dict[str, int]:
    rows = struct.iter_unpack("<QqQ", written.samples)
    return {NAMES[number]: value for number, _, value in rows}


def bits(value: float) -> int:
    return int(struct.unpack("<Q", struct.pack("<d", value))[0])


def reports(up: float, scraped: float, kept: float, added: float, seconds: float = 0.5) -> dict[str, int]:  # fmt: skip
    return {
        "up": bits(up),
        "scrape_duration_seconds": bits(seconds),
        "scrape_samples_scraped": bits(scraped),
        "scrape_samples_post_metric_relabeling": bits(kept),
        "scrape_series_added": bits(added),
    }


def test_series_come_stay_and_end() -> None:
    of = pages()
    assert take(of, 'a{k="1"} 1\na{k="2"} 2\n')[0] == {"a1": bits(1), "a2": bits(2), **reports(1, 2, 2, 2)}  # fmt: skip
    assert take(of, 'a{k="1"} 3\n')[0] == {"a1": bits(3), "a2": STALE, **reports(1, 1, 1, 0)}
    assert values(of.failed(Outcome(error="away", seconds=0.1), NOW)) == {"a1": STALE, **reports(0, 0, 0, 0, 0.1)}  # fmt: skip
    assert values(of.failed(Outcome(error="away", seconds=0.1), NOW)) == reports(0, 0, 0, 0, 0.1)
    take(of, 'a{k="1"} 3\n')
    assert set(values(of.gone(NOW)).items()) == {
        ("a1", STALE), *((name, STALE) for name in reports(0, 0, 0, 0))
    }  # fmt: skip


def test_a_series_is_named_when_it_comes_and_once_an_hour() -> None:
    of = pages()
    assert take(of, "a 1\n")[2].series.count(b"\n") == 5
    assert take(of, "a 1\nb 1\n", NOW + 60_000)[2].series.count(b'"b"') == 1
    assert take(of, "a 1\nb 1\n", NOW + 3_600_000)[2].series.count(b"\n") == 6
    assert take(of, "a 1\nb 1\n", NOW + 3_660_000)[2].series == b""
    of.unannounced()
    assert take(of, "a 1\nb 1\n", NOW + 3_720_000)[2].series.count(b"\n") == 6


def test_a_bad_page_ends_all_its_series() -> None:
    of = pages()
    take(of, "a 1\n")
    found, error, _ = take(of, "a 1\nb x\n")
    assert found == {"a": STALE, **reports(0, 1, 1, 0)}
    assert error == "line 2: not a number: 'b x'"


@pytest.mark.parametrize(
    ("limits", "text", "error"),
    [
        (Limits(samples=1), "a 1\nb 1\n", "sample limit exceeded"),
        (Limits(labels=3), 'a{k="1"} 1\n', "label_limit exceeded (metric: a, number of labels: 4, limit: 3)"),
        (Limits(label_name=8), 'a{longer_than="1"} 1\n', "label_name_length_limit exceeded (metric: a, label name: longer_than, limit: 8)"),
        (Limits(label_value=3), 'a{k="1234"} 1\n', "label_value_length_limit exceeded (metric: a, label name: k, limit: 3)"),
    ],
)  # fmt: skip
def test_limits_of_the_job_fail_the_page(limits: Limits, text: str, error: str) -> None:
    found, said, _ = take(pages(limits=limits), text)
    assert (said, found["up"]) == (error, bits(0))


def test_times_on_the_page_count_unless_the_job_says_otherwise() -> None:
    text = f"a 1 {NOW - 5000}\nb 1 {NOW - 86_400_000 * 16}\nc 1 {NOW + 86_400_000}\n"
    written = take(pages(), text)[2]
    times = {NAMES[n]: t for n, t, _ in struct.iter_unpack("<QqQ", written.samples)}
    assert (times["a"], "b" in times, "c" in times) == (NOW - 5000, False, False)
    assert written.refused == {"out of bounds: too old or of the future": 2}
    ours = take(pages(honor_timestamps=False), text)[2]
    assert {t for _, t, _ in struct.iter_unpack("<QqQ", ours.samples)} == {NOW}


def test_a_series_with_times_of_its_own_does_not_end_unless_asked() -> None:
    of, tracked = pages(), pages(track_timestamps_staleness=True)
    for one in (of, tracked):
        take(one, f"a 1 {NOW - 1000}\n")
    assert "a" not in take(of, "b 1\n")[0]
    assert take(tracked, "b 1\n")[0]["a"] == STALE


def test_rules_for_metrics_drop_and_change_them() -> None:
    rules = (
        Rule(action=Action.DROP, source=("__name__",), regex="b"),
        Rule(source=("__name__",), regex="x", target="__name__", replacement="c"),
    )
    found = take(pages(metric_relabel=rules), "a 1\nb 2\nx 3\n")[0]
    assert found == {"a": bits(1), "c": bits(3), **reports(1, 3, 2, 2)}


def test_a_series_that_is_there_twice_counts_once() -> None:
    found, error, written = take(pages(), "a 1\na 2\n")
    assert (found["a"], error) == (bits(1), "")
    assert written.refused == {"the series is on the page twice": 1}


def test_labels_of_the_target_win_unless_the_job_honours_the_pages() -> None:
    exposed = {"__name__": "a", "job": "theirs", "exported_job": "older", "k": "1"}
    assert joined(exposed, {"job": "x"}, honor=False) == {
        "__name__": "a", "k": "1", "job": "x", "exported_job": "older", "exported_exported_job": "theirs",
    }  # fmt: skip
    assert joined(exposed, {"job": "x", "instance": "i"}, honor=True) == {
        **exposed,
        "instance": "i",
    }


def test_a_page_over_the_quota_keeps_what_was_there_and_its_neighbours_are_untouched() -> None:
    quotas = Quotas(2)
    noisy = Pages(target_in("noisy"), quotas.share())
    quiet = Pages(target_in("quiet"), quotas.share())
    noisy.page(b"a 1\n", Outcome(), NOW, open_metrics=False)
    page = b"a 1\n" + b"".join(b'a{k="%d"} 1\n' % n for n in range(1000))
    written, outcome = noisy.page(page, Outcome(), NOW, open_metrics=False)
    assert (outcome.error, written.counted) == ("", 2)
    assert written.why() == "999 refused: namespace 'noisy' has its 2 series already"
    assert quiet.page(b"a 1\nb 1\n", Outcome(), NOW, open_metrics=False)[0].counted == 2
    noisy.gone(NOW)
    assert {name: one.series for name, one in quotas.counted().items()} == {"noisy": 0, "quiet": 2}


def test_a_page_of_more_bytes_than_the_quota_fails_until_time_has_passed() -> None:
    clock = [0.0]
    quotas = Quotas(rate=10, clock=lambda: clock[0])
    of = Pages(target_in("shop"), quotas.share())
    page = b"".join(b'a{k="%d"} 1\n' % n for n in range(20))
    assert of.page(page, Outcome(), NOW, open_metrics=False)[1].error == ""
    assert of.page(page, Outcome(), NOW, open_metrics=False)[1].error == (
        "namespace 'shop' sends more than 10 bytes a second"
    )
    clock[0] += 3600
    assert of.page(page, Outcome(), NOW, open_metrics=False)[1].error == ""


def target_in(namespace: str) -> Target:
    job = Job(name="x", groups=(Group(targets=("a:1",), labels={"namespace": namespace}),))
    return targets_of(job, job.groups).targets[0]


def test_exemplars_are_kept_when_they_change() -> None:
    of = pages()
    text = 'a 1 # {trace_id="abc"} 0.5\n# EOF\n'
    first = take(of, text, open_metrics=True)[2]
    number = id_of_labels("a", LABELS)
    assert first.exemplars == b'[%d,%.1f,0.5,{"trace_id":"abc"}]' % (number, NOW / 1000)
    assert take(of, text, open_metrics=True)[2].exemplars == b""
    other = text.replace("abc", "def")
    assert take(of, other, open_metrics=True)[2].exemplars_counted == 1


def test_under_other_rules_the_old_series_end() -> None:
    of = pages()
    take(of, "a 1\nb 1\n")
    of.follow(target(metric_relabel=(Rule(action=Action.DROP, source=("__name__",), regex="b"),)))
    found = take(of, "a 1\nb 1\n")[0]
    assert (found["a"], found["b"]) == (bits(1), STALE)
