"""Remote write: what is acknowledged is durable, what is refused is told, neighbours are untouched."""

import http.client
import struct
import time

import orjson
import pytest

from telemetry.ingest.quotas import Quotas
from telemetry.ingest.remote_write import Malformed, Register
from telemetry.ingest.series import MAX_LABELS
from telemetry.snappy import BadBlock, packed, unpacked
from tests.telemetry.prometheus_write import (
    HEADERS,
    HEADERS_2,
    Samples,
    body_of,
    label,
    request_of,
    second_request_of,
)
from tests.telemetry.stack import Stack, eventually

NOW = 1_800_000_000_000
Series = dict[tuple[tuple[str, str], ...], Samples]
UP: tuple[tuple[str, str], ...] = (("__name__", "up"), ("job", "api"))
STALE_BITS = 0x7FF0000000000002
STALE = struct.unpack("<d", struct.pack("<Q", STALE_BITS))[0]


def rows(packed_rows: bytes) -> list[tuple[int, int, float]]:
    return list(struct.iter_unpack("<Qqd", packed_rows))


def test_both_versions_come_to_the_same_rows() -> None:
    series: Series = {
        UP: [(NOW, 1.0), (NOW + 1, 2.0)],
        (("__name__", "down"), ("é", "ü")): [(NOW, 3.0)],
    }
    first = Register().take(request_of(series).SerializeToString(), NOW)
    second = Register().take(second_request_of(series).SerializeToString(), NOW, second=True)
    assert (first.samples, first.series) == (second.samples, second.series)
    assert [(t, v) for _, t, v in rows(first.samples)] == [(NOW, 1.0), (NOW + 1, 2.0), (NOW, 3.0)]
    assert [orjson.loads(line)[1:] for line in first.series.splitlines()] == [
        ["up", {"job": "api"}, NOW // 1000],
        ["down", {"é": "ü"}, NOW // 1000],
    ]


def test_a_series_is_announced_once_an_hour_of_its_own_time_and_only_if_it_was_stored() -> None:
    register = Register()
    body = request_of({UP: [(NOW, 1.0)]}).SerializeToString()
    assert register.take(body, NOW).series
    again = register.take(body, NOW)
    assert again.series
    register.stored(again)
    assert not register.take(body, NOW).series
    later = request_of({UP: [(NOW + 3_600_000, 1.0)]}).SerializeToString()
    assert register.take(later, NOW + 3_600_000).series


def test_the_staleness_marker_keeps_its_bits() -> None:
    written = Register().take(request_of({UP: [(NOW, STALE)]}).SerializeToString(), NOW)
    assert struct.unpack("<Q", written.samples[16:24]) == (STALE_BITS,)


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        ((("job", "api"),), "a series has no name"),
        ((("__name__", ""),), "a series has no name"),
        ((("__name__", "x"), ("", "y")), "a label's name has 1 to 1024 bytes"),
        ((("__name__", "x"), ("a", "1"), ("a", "2")), "label 'a' is there twice"),
        ((("__name__", "x"), ("a", "1" * 5000)), "a label's value has at most 4096 bytes"),
        (
            (("__name__", "x"), *((f"l{i}", "1") for i in range(MAX_LABELS))),
            f"a series has at most {MAX_LABELS} labels",
        ),
    ],
)
def test_what_cannot_be_a_series_is_refused_and_its_neighbour_is_kept(
    labels: tuple[tuple[str, str], ...], reason: str
) -> None:
    body = request_of({labels: [(NOW, 1.0)], UP: [(NOW, 2.0)]}).SerializeToString()
    written = Register().take(body, NOW)
    assert written.refused == {reason: 1}
    assert [v for _, _, v in rows(written.samples)] == [2.0]


def test_samples_of_other_times_are_refused() -> None:
    samples = [(NOW - 20 * 86_400_000, 1.0), (NOW, 2.0), (NOW + 3_600_000, 3.0)]
    written = Register().take(request_of({UP: samples}).SerializeToString(), NOW)
    assert written.refused == {"out of bounds: too old or of the future": 2}
    assert written.counted == 1


def test_a_namespace_over_its_quota_does_not_touch_others() -> None:
    register = Register(Quotas(3).share())
    flood: Series = {
        (("__name__", "x"), ("namespace", "a"), ("n", str(i))): [(NOW, 1.0)] for i in range(10)
    }
    quiet: Series = {(("__name__", "x"), ("namespace", "b")): [(NOW, 1.0)]}
    written = register.take(request_of({**flood, **quiet}).SerializeToString(), NOW)
    assert written.refused == {"namespace 'a' has its 3 series already": 7}
    assert written.counted == 4


def test_native_histograms_are_refused_and_told() -> None:
    request = request_of({UP: [(NOW, 1.0)]})
    request.timeseries[0].histograms.append(b"")
    written = Register().take(request.SerializeToString(), NOW)
    assert (written.refused, written.counted) == ({"native histograms are not kept": 1}, 1)


def test_exemplars_and_metadata_become_rows() -> None:
    request = request_of({UP: [(NOW, 1.0)]})
    exemplar = request.timeseries[0].exemplars.add(value=2.5, timestamp=NOW)
    exemplar.labels.append(label("trace_id", "ab" * 16))
    request.metadata.add(type=1, name="up", help="whether", unit="")
    written = Register().take(request.SerializeToString(), NOW)
    assert orjson.loads(written.exemplars)[1:] == [NOW / 1000, 2.5, {"trace_id": "ab" * 16}]
    assert orjson.loads(written.metadata) == ["up", "counter", "", "whether", NOW // 1000]


@pytest.mark.parametrize("body", [b"\xff\xff", b"\x0a\xff", b"not protobuf"])
def test_what_is_no_request_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        Register().take(body, NOW)


def test_a_reference_to_no_symbol_is_malformed() -> None:
    request = second_request_of({UP: [(NOW, 1.0)]})
    request.timeseries[0].labels_refs[0] = 99
    with pytest.raises(Malformed, match="refers to no symbol"):
        Register().take(request.SerializeToString(), NOW, second=True)


@pytest.mark.parametrize(
    "block", [b"", b"\xff\xff\xff\xff\xff\xff", b"\x05ab", b"\x80\x80\x80\x80\x08" + b"x"]
)
def test_what_is_no_block_or_claims_to_be_huge_is_refused(block: bytes) -> None:
    with pytest.raises(BadBlock):
        unpacked(block, 1000)
    assert unpacked(packed(b"abc" * 100), 1000) == b"abc" * 100


def post(stack: Stack, body: bytes, headers: dict[str, str]) -> tuple[int, str, dict[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", stack.http_port, timeout=20)
    connection.request("POST", "/api/v1/write", body, headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text, dict(answer.getheaders())


def test_what_is_acknowledged_survives_the_death_of_collector_and_store(running: Stack) -> None:
    now = round(time.time() * 1000)
    for number in range(5):
        series: Series = {(("__name__", "kept"), ("n", str(number))): [(now, float(number))]}
        status, text, headers = post(running, body_of(series), HEADERS)
        assert (status, text) == (204, "")
        assert headers["X-Prometheus-Remote-Write-Samples-Written"] == "1"
    running.kill("collector")
    running.kill("store")
    store = running.start_store()
    found = store.query(
        "SELECT v FROM {database}.samples WHERE id IN"
        " (SELECT id FROM {database}.series WHERE name = 'kept') ORDER BY v"
    )
    store.close()
    assert [value for (value,) in found] == [0.0, 1.0, 2.0, 3.0, 4.0]
    running.start_collector()


def test_the_second_version_is_taken_too(running: Stack) -> None:
    now = round(time.time() * 1000)
    body = packed(second_request_of({UP: [(now, 7.0)]}).SerializeToString())
    assert post(running, body, HEADERS_2)[0] == 204


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"nonsense", HEADERS, 400),
        (packed(b"nonsense"), HEADERS, 400),
        (b"\xff\xff\xff\xff\x0f", HEADERS, 413),  # unpacked
        (b"", {**HEADERS, "Content-Type": "text/plain"}, 415),
        (b"", {**HEADERS, "Content-Encoding": "gzip"}, 415),
        (b"x" * (9 << 20), HEADERS, 413),
    ],
)
def test_bad_requests_are_told_what_is_wrong(
    running: Stack, body: bytes, headers: dict[str, str], status: int
) -> None:
    assert post(running, body, headers)[0] == status


def test_without_the_store_the_sender_is_told_to_come_again(running: Stack) -> None:
    running.kill("store")
    now = round(time.time() * 1000)
    status, _, headers = post(running, body_of({UP: [(now, 8.0)]}), HEADERS)
    assert (status, headers["Retry-After"]) == (503, "1")
    running.start_store().close()
    eventually(lambda: post(running, body_of({UP: [(now, 8.0)]}), HEADERS)[0] == 204)
