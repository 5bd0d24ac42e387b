"""The HTTP API: shapes, codes and words as Prometheus's own."""

import http.client
import math
import threading
import time
import urllib.parse
from collections.abc import Iterator
from typing import Any

import pytest

from telemetry.prompb import Label, ReadRequest, ReadResponse
from telemetry.snappy import packed, unpacked
from tests.metrics.served import Served, milliseconds, served
from tests.telemetry.prometheus_write import HEADERS, label, request_of
from tests.telemetry.stack import eventually

STEP = 15_000
NOW = milliseconds() // STEP * STEP
BEGIN = NOW - 40 * STEP
JOBS = ("api", "db")


def series() -> dict[tuple[tuple[str, str], ...], list[tuple[int, float]]]:
    moments = range(BEGIN, NOW + 1, STEP)
    found: dict[tuple[tuple[str, str], ...], list[tuple[int, float]]] = {}
    for factor, job in enumerate(JOBS, 1):
        found[("__name__", "hits_total"), ("job", job)] = [
            (t, float(factor * i)) for i, t in enumerate(moments)
        ]
    found[("__name__", "odd"), ("job", "api")] = [
        (BEGIN, math.nan), (BEGIN + STEP, math.inf), (BEGIN + 2 * STEP, -math.inf),
        (BEGIN + 3 * STEP, 1e21), (BEGIN + 4 * STEP, 1e-7), (BEGIN + 5 * STEP, 0.000001),
        (BEGIN + 6 * STEP, 1e20), (BEGIN + 7 * STEP, -0.5), (BEGIN + 8 * STEP, 12345678.0),
    ]  # fmt: skip
    found[("__name__", "hüte.total"), ("größe", "<script>")] = [(NOW, 3.0)]
    return found


@pytest.fixture(scope="module")
def web() -> Iterator[Served]:
    with served() as running:
        request = request_of(series())
        exemplar = request.timeseries[0].exemplars.add(value=0.5, timestamp=NOW)
        exemplar.labels.append(label("trace_id", "ab" * 16))
        request.metadata.add(type=1, name="hits_total", help="hits", unit="")
        status, text = running.ask(
            "/prometheus/api/v1/write", packed(request.SerializeToString()), HEADERS
        )
        assert (status, text) == (204, "")
        yield running


def data(answer: tuple[int, Any]) -> Any:
    status, body = answer
    assert status == 200, body
    assert body["status"] == "success"
    return body["data"]


API = "/prometheus/api/v1"


@pytest.mark.parametrize("way", ["get", "post"])
def test_an_instant_query(web: Served, way: str) -> None:
    ask = web.get if way == "get" else web.post
    found = data(ask(f"{API}/query", {"query": "hits_total", "time": NOW / 1000}))
    assert found == {
        "resultType": "vector",
        "result": [
            {
                "metric": {"__name__": "hits_total", "job": job},
                "value": [NOW / 1000, str(40 * factor)],
            }
            for factor, job in enumerate(JOBS, 1)
        ],
    }


def test_a_range_query_in_all_notations_of_time(web: Served) -> None:
    shown = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(BEGIN / 1000))
    for start, end, step in (
        (BEGIN / 1000, BEGIN / 1000 + 30, 15),
        (shown, BEGIN / 1000 + 30, "15s"),
    ):
        words = {"query": 'hits_total{job="db"}', "start": start, "end": end, "step": step}
        assert data(web.get(f"{API}/query_range", words)) == {
            "resultType": "matrix",
            "result": [
                {
                    "metric": {"__name__": "hits_total", "job": "db"},
                    "values": [[BEGIN / 1000 + 15 * i, str(2 * i)] for i in range(3)],
                }
            ],
        }


def test_numbers_are_written_as_go_writes_them(web: Served) -> None:
    found = data(web.get(f"{API}/query", {"query": "odd[20m]", "time": NOW / 1000}))
    assert [value for _, value in found["result"][0]["values"]] == [
        "NaN", "+Inf", "-Inf", "1e+21", "1e-7", "0.000001", "100000000000000000000", "-0.5", "12345678",
    ]  # fmt: skip


def test_scalars_and_strings(web: Served) -> None:
    at = {"time": NOW / 1000}
    assert data(web.get(f"{API}/query", {"query": "1.5", **at})) == {
        "resultType": "scalar",
        "result": [NOW / 1000, "1.5"],
    }
    assert data(web.get(f"{API}/query", {"query": '"é"', **at})) == {
        "resultType": "string",
        "result": [NOW / 1000, "é"],
    }


@pytest.mark.parametrize(
    ("path", "words", "status", "kind", "text"),
    [
        ("query", {"query": "1 +"}, 400, "bad_data", 'invalid parameter "query": 1:4: parse error: '),
        ("query", {"query": ""}, 400, "bad_data", "no expression found"),
        ("query", {"query": "sum(x", "time": "1"}, 400, "bad_data", "1:6"),
        ("query", {"query": "1", "time": "soon"}, 400, "bad_data", 'invalid parameter "time": cannot parse "soon" to a valid timestamp'),
        ("query", {"query": "1", "timeout": "x"}, 400, "bad_data", 'invalid parameter "timeout": cannot parse "x" to a valid duration'),
        ("query_range", {"query": "1", "start": 2, "end": 1, "step": 1}, 400, "bad_data", 'invalid parameter "end": end timestamp must not be before start time'),
        ("query_range", {"query": "1", "start": 1, "end": 2, "step": 0}, 400, "bad_data", 'invalid parameter "step": zero or negative query resolution step widths are not accepted. Try a positive integer'),
        ("query_range", {"query": "1", "end": 2, "step": 0}, 400, "bad_data", 'invalid parameter "start": cannot parse "" to a valid timestamp'),
        ("query_range", {"query": "1", "start": 0, "end": 20000, "step": 1}, 400, "bad_data", "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)"),
        ("query_range", {"query": "hits_total[5m]", "start": 0, "end": 2, "step": 1}, 400, "bad_data", 'invalid expression type "range vector" for range query, must be Scalar or instant Vector'),
        ("query", {"query": "hits_total + on (nothing) hits_total", "time": NOW / 1000}, 422, "execution", "found duplicate series for the match group"),
        ("series", {}, 400, "bad_data", "no match[] parameter provided"),
        ("series", {"match[]": "{"}, 400, "bad_data", 'invalid parameter "match[]"'),
        ("series", {"match[]": '{job=~".*"}'}, 400, "bad_data", "must contain at least one non-empty matcher"),
        ("nothing", {}, 404, "not_found", "there is no /prometheus/api/v1/nothing here"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_prometheus_words(
    web: Served, path: str, words: dict[str, object], status: int, kind: str, text: str
) -> None:
    got, body = web.get(f"{API}/{path}", words)
    assert (got, body["status"], body["errorType"]) == (status, "error", kind), body
    assert text in body["error"]


def test_a_malformed_query_is_told_with_position_and_hint(web: Served) -> None:
    _, body = web.get(f"{API}/query", {"query": "sum(hits_total) bi (job)"})
    assert body["position"] == 16
    assert body["hint"] == "unexpected 'bi'"


def test_warnings_and_infos_come_along(web: Served) -> None:
    status, body = web.get(f"{API}/query", {"query": "rate(odd[20m])", "time": NOW / 1000})
    assert status == 200
    assert "might not be a counter" in body["infos"][0]
    _, body = web.get(f"{API}/query", {"query": "hits_total", "time": NOW / 1000, "limit": 1})
    assert body["warnings"] == ["results truncated due to limit"]
    assert len(body["data"]["result"]) == 1


def test_statistics_and_lookback(web: Served) -> None:
    words = {"query": "hits_total", "time": NOW / 1000 + 20, "stats": "all"}
    assert data(web.get(f"{API}/query", words))["stats"]["samples"]["totalQueryableSamples"] > 0
    assert data(web.get(f"{API}/query", {**words, "lookback_delta": "10s"}))["result"] == []


def test_labels_values_and_series(web: Served) -> None:
    names = data(web.get(f"{API}/labels"))
    assert names == ["__name__", "größe", "job"]
    assert data(web.post(f"{API}/labels", [("match[]", "odd")])) == ["__name__", "job"]
    assert data(web.get(f"{API}/label/__name__/values")) == ["hits_total", "hüte.total", "odd"]
    assert data(web.get(f"{API}/label/job/values", [("match[]", "hits_total"), ("limit", 1)])) == [
        "api"
    ]
    assert data(web.get(f"{API}/label/U__gr_f6__df_e/values")) == ["<script>"]
    escaped = urllib.parse.quote("größe")
    assert data(web.get(f"{API}/label/{escaped}/values")) == ["<script>"]
    words = [("match[]", 'hits_total{job="db"}'), ("match[]", '{"hüte.total"}')]
    assert data(web.get(f"{API}/series", words)) == [
        {"__name__": "hits_total", "job": "db"},
        {"__name__": "hüte.total", "größe": "<script>"},
    ]


def test_series_of_a_past_time_only_if_they_had_samples_then(web: Served) -> None:
    past = {"match[]": "hits_total", "start": NOW / 1000 - 90_000, "end": NOW / 1000 - 86_400}
    assert data(web.get(f"{API}/series", past)) == []
    recent = {**past, "end": NOW / 1000}
    assert len(data(web.get(f"{API}/series", recent))) == 2


def test_names_beyond_the_classic_form_are_queried_in_quotes(web: Served) -> None:
    words = {"query": '{"hüte.total", "größe"="<script>"}', "time": NOW / 1000}
    (one,) = data(web.get(f"{API}/query", words))["result"]
    assert one["metric"] == {"__name__": "hüte.total", "größe": "<script>"}


def test_metadata_and_exemplars(web: Served) -> None:
    assert data(web.get(f"{API}/metadata", {"metric": "hits_total"})) == {
        "hits_total": [{"type": "counter", "help": "hits", "unit": ""}]
    }
    words = {"query": "rate(hits_total[5m]) > 1", "start": BEGIN / 1000, "end": NOW / 1000}
    assert data(web.get(f"{API}/query_exemplars", words)) == [
        {
            "seriesLabels": {"__name__": "hits_total", "job": "api"},
            "exemplars": [
                {"labels": {"trace_id": "ab" * 16}, "value": "0.5", "timestamp": NOW / 1000}
            ],
        }
    ]


def test_queries_are_formatted_and_parsed(web: Served) -> None:
    query = {"query": 'sum by(job)(rate(hits_total{job=~"a.*"}[5m]  offset 1m))'}
    assert data(web.get(f"{API}/format_query", query)) == (
        'sum by (job) (rate(hits_total{job=~"a.*"}[5m] offset 1m))'
    )
    tree = data(web.get(f"{API}/parse_query", query))
    assert (tree["type"], tree["op"], tree["grouping"]) == ("aggregation", "sum", ["job"])
    matrix = tree["expr"]["args"][0]
    assert (matrix["type"], matrix["range"], matrix["offset"]) == (
        "matrixSelector",
        300_000,
        60_000,
    )


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("status/config", "yaml"), ("status/flags", "query.max-samples"), ("status/buildinfo", "version"),
        ("status/runtimeinfo", "storageRetention"), ("status/tsdb", "headStats"),
        ("status/walreplay", "current"), ("targets", "activeTargets"),
        ("alertmanagers", "activeAlertmanagers"), ("scrape_pools", "scrapePools"),
    ],
)  # fmt: skip
def test_the_state_of_the_server(web: Served, path: str, key: str) -> None:
    assert key in data(web.get(f"{API}/{path}"))


def test_the_tables_of_the_head(web: Served) -> None:
    found = data(web.get(f"{API}/status/tsdb", {"limit": 1}))
    assert found["headStats"]["numSeries"] >= 4
    assert found["seriesCountByMetricName"] == [{"name": "hits_total", "value": 2}]


def test_strangers_are_asked_who_they_are(web: Served) -> None:
    status, body = web.get(f"{API}/query", {"query": "1"}, token="")
    assert (status, body["errorType"]) == (401, "unauthorized")
    assert web.get(f"{API}/query", {"query": "1"}, token="mw_wrong")[0] == 401


def test_whoever_only_reads_cannot_write(web: Served) -> None:
    viewer = web.run("token", "create", "--role", "viewer", "--name", "grafana").strip()
    assert web.get(f"{API}/query", {"query": "1"}, token=viewer)[0] == 200
    body = packed(request_of(series()).SerializeToString())
    status, answer = web.ask(f"{API}/write", body, HEADERS, token=viewer)
    assert (status, answer["errorType"]) == (403, "forbidden")


def test_other_methods_are_refused(web: Served) -> None:
    assert web.post(f"{API}/metadata")[0] == 405
    assert web.get(f"{API}/write")[0] == 405
    assert web.ask(f"{API}/query?query=1", method="DELETE")[0] == 405


def test_federation_gives_the_latest_samples(web: Served) -> None:
    now = milliseconds()
    newest: dict[tuple[tuple[str, str], ...], list[tuple[int, float]]] = {
        (("__name__", "hits_total"), ("job", "api")): [(now, 40.0)],
        (("__name__", "hits_total"), ("job", "db")): [(now, 80.0)],
        (("__name__", "hüte.total"), ("größe", "<script>")): [(now, 3.0)],
    }
    body = packed(request_of(newest).SerializeToString())
    assert web.ask("/prometheus/api/v1/write", body, HEADERS) == (204, "")
    status, text = web.get("/prometheus/federate", [("match[]", '{__name__=~"hits.*|hüte.*"}')])
    assert status == 200
    assert text.splitlines() == [
        "# TYPE hits_total counter",
        f'hits_total{{job="api"}} 40 {now}',
        f'hits_total{{job="db"}} 80 {now}',
        '# TYPE "hüte.total" untyped',
        f'{{"hüte.total","größe"="<script>"}} 3 {now}',
    ]


def test_remote_read_gives_samples(web: Served) -> None:
    request: Any = ReadRequest()
    query = request.queries.add(start_timestamp_ms=BEGIN, end_timestamp_ms=BEGIN + STEP)
    query.matchers.add(type=0, name="__name__", value="hits_total")
    query.matchers.add(type=2, name="job", value="d.*")
    body = packed(request.SerializeToString())
    status, raw = web.raw(f"{API}/read", body, HEADERS)
    assert status == 200
    answer: Any = ReadResponse()
    answer.ParseFromString(unpacked(raw, 1 << 20))
    (found,) = answer.results[0].timeseries
    assert [label.value for label in found.labels] == [b"hits_total", b"db"]
    assert isinstance(found.labels[0], Label)
    assert [(s.timestamp, s.value) for s in found.samples] == [(BEGIN, 0.0), (BEGIN + STEP, 2.0)]


def test_a_query_that_takes_too_long_or_whose_client_leaves_is_ended(web: Served) -> None:
    """All turns are taken by queries that nobody waits for."""
    query = " + ".join(["sum(max_over_time(rate(hits_total[10m])[10m:5ms]))"] * 40)
    words = urllib.parse.urlencode(
        {"query": query, "start": BEGIN / 1000, "end": NOW / 1000, "step": 1}
    )

    status, body = web.ask(f"{API}/query_range?{words}&timeout=1s")
    assert (status, body["errorType"]) == (503, "timeout")

    def leave() -> None:
        connection = http.client.HTTPConnection(web.address, timeout=0.5)
        connection.request(
            "GET", f"{API}/query_range?{words}", headers={"Authorization": f"Bearer {web.token}"}
        )
        time.sleep(0.4)
        connection.close()

    asking = [threading.Thread(target=leave) for _ in range(4)]
    for one in asking:
        one.start()
    for one in asking:
        one.join()
    # all turns are free again, so that the next one is answered soon
    eventually(
        lambda: web.get(f"{API}/query", {"query": "vector(1)", "timeout": "1s"})[0] == 200, 20
    )
