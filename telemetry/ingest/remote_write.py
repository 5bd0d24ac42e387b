"""Prometheus remote write, 1.0 and 2.0: requests as rows of the tables."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import orjson
from google.protobuf.message import DecodeError

from telemetry.ingest.quotas import Quotas, Share, Toll
from telemetry.ingest.rows import pack_sample
from telemetry.ingest.series import MAX_LABELS, id_of_labels
from telemetry.ingest.wire import MOST, too_many
from telemetry.ingest.written import (
    AHEAD_MS,
    ANNOUNCE_MS,
    MAX_NAME_BYTES,
    MAX_VALUE_BYTES,
    NAME,
    Written,
    announcement,
    metadata_row,
)
from telemetry.prompb import METRIC_TYPES, Label, WriteRequest, WriteRequest2

REMEMBERED = 500_000
SAMPLE_BYTES = 24
"""Of a sample's row."""

Pairs = tuple[tuple[bytes, bytes], ...]


class Malformed(ValueError):  # noqa: N818  says what the text is
    """No write request."""


@dataclass(slots=True)
class _Known:
    id: int
    namespace: str
    announced_ms: int


@dataclass(frozen=True, slots=True)
class _Series:
    """`key` tells series apart within this process; `pairs` are read only where it is new."""

    key: int
    raw: Any
    samples: Any
    exemplars: Iterable[tuple[dict[str, str], float, int]]
    histograms: int


class Register:
    """The series this collector was told of, and how many each namespace has."""

    def __init__(self, share: Share | None = None, *, seconds: int = 15 * 86_400) -> None:
        self._share = share or Quotas().share()
        self._kept_ms = seconds * 1000
        self._known: dict[int, _Known] = {}

    def take(self, body: bytes, now_ms: int, *, second: bool = False) -> Written:
        """Rows of an unpacked request of remote write 1, or 2. Raises Malformed."""
        request = _request(body, second=second)
        written = Written()
        self._make_room()
        samples, exemplars, named = bytearray(), bytearray(), bytearray()
        oldest, newest = now_ms - self._kept_ms, now_ms + AHEAD_MS
        toll = Toll(self._share.quotas)
        pairs_of = _pairs_of_refs(request.symbols) if second else _pairs_of_raw
        for series in _second(request) if second else _first(request):
            if series.histograms:
                written.refuse("native histograms are not kept", series.histograms)
            known = self._known.get(series.key)
            if known is None:
                known = self._met(series, pairs_of, written)
                if known is None:
                    continue
            if not toll.passes(known.namespace, SAMPLE_BYTES * len(series.samples)):
                why = self._share.quotas.over_bytes(known.namespace)
                written.refuse(why, len(series.samples))
                continue
            latest = 0
            for sample in series.samples:
                moment = sample.timestamp
                if not oldest <= moment <= newest:
                    written.refuse("out of bounds: too old or of the future", 1)
                    continue
                samples += pack_sample(known.id, moment, sample.value)
                written.counted += 1
                latest = max(latest, moment)
            for labels, value, moment in series.exemplars:
                if oldest <= moment <= newest:
                    exemplars += orjson.dumps((known.id, moment / 1000, value, labels)) + b"\n"
                    written.exemplars_counted += 1
                    latest = max(latest, moment)
            if latest >= known.announced_ms + ANNOUNCE_MS:
                labels = {_text(name): _text(value) for name, value in pairs_of(series.raw)}
                named += announcement(known.id, labels, latest // 1000) + b"\n"
                written.announced.append((series.key, latest))
        toll.charge()
        written.wait_seconds = toll.wait_seconds() if not written.counted else 0
        written.samples, written.exemplars = bytes(samples), bytes(exemplars).rstrip(b"\n")
        written.series = bytes(named).rstrip(b"\n")
        written.metadata = b"\n".join(_metadata(request, now_ms // 1000, second=second))
        return written

    def stored(self, written: Written) -> None:
        """Its rows are in the store: its series need no announcement for a while."""
        for key, moment in written.announced:
            known = self._known.get(key)
            if known is not None:
                known.announced_ms = max(known.announced_ms, moment)

    def _make_room(self) -> None:
        """Forget all when it is much; what is sent still is announced again."""
        if len(self._known) > REMEMBERED:
            self._known.clear()
            self._share.clear()

    def _met(self, series: _Series, pairs_of: Any, written: Written) -> _Known | None:
        count = len(series.samples)
        labels = _labels(pairs_of(series.raw))
        if isinstance(labels, str):
            written.refuse(labels, count)
            return None
        namespace = labels.get("namespace", "")
        if not self._share.take(namespace):
            written.refuse(self._share.quotas.over_series(namespace), count)
            return None
        name = labels.pop(NAME)
        known = _Known(id_of_labels(name, labels), namespace, -ANNOUNCE_MS)
        self._known[series.key] = known
        return known


def _request(body: bytes, *, second: bool) -> Any:
    """Raises Malformed."""
    request: Any = (WriteRequest2 if second else WriteRequest)()
    if too_many(request, body):
        raise Malformed(f"more than {MOST} series, labels and samples in one request")
    try:
        request.ParseFromString(body)
    except (DecodeError, RuntimeError):
        raise Malformed("the body is not a write request") from None
    return request


def _first(request: Any) -> Iterator[_Series]:
    for one in request.timeseries:
        raw = b"".join(one.labels)
        yield _Series(hash(raw), one.labels, one.samples, _exemplars(one), len(one.histograms))


def _exemplars(one: Any) -> Iterator[tuple[dict[str, str], float, int]]:
    for exemplar in one.exemplars:
        labels = {_text(label.name): _text(label.value) for label in exemplar.labels}
        yield labels, exemplar.value, exemplar.timestamp


def _second(request: Any) -> Iterator[_Series]:
    symbols = list(request.symbols)
    resolve = _pairs_of_refs(symbols)
    for one in request.timeseries:
        refs = tuple(one.labels_refs)
        key = hash(resolve(refs))
        exemplars = (
            (
                {_text(name): _text(value) for name, value in resolve(e.labels_refs)},
                e.value,
                e.timestamp,
            )
            for e in one.exemplars
        )
        yield _Series(key, refs, one.samples, exemplars, len(one.histograms))


def _pairs_of_raw(raw: Iterable[bytes]) -> Pairs:
    labels: Any = map(Label.FromString, raw)
    return tuple((label.name, label.value) for label in labels)


def _pairs_of_refs(symbols: Any) -> Any:
    """Raises Malformed where a reference leads nowhere."""

    def pairs(refs: Any) -> Pairs:
        try:
            words = [symbols[ref] for ref in refs]
        except IndexError:
            raise Malformed("a label refers to no symbol") from None
        if len(words) % 2:
            raise Malformed("a label has a name and no value")
        return tuple(zip(words[::2], words[1::2], strict=True))

    return pairs


def _labels(pairs: Pairs) -> dict[str, str] | str:
    """The labels, or why they cannot be a series."""
    if len(pairs) > MAX_LABELS:
        return f"a series has at most {MAX_LABELS} labels"
    found: dict[str, str] = {}
    for name, value in pairs:
        if not name or len(name) > MAX_NAME_BYTES:
            return f"a label's name has 1 to {MAX_NAME_BYTES} bytes"
        if len(value) > MAX_VALUE_BYTES:
            return f"a label's value has at most {MAX_VALUE_BYTES} bytes"
        key = _text(name)
        if key in found:
            return f"label {key!r} is there twice"
        if value:
            found[key] = _text(value)
    return found if NAME in found else "a series has no name"


def _text(given: bytes) -> str:
    return given.decode(errors="replace")


def _metadata(request: Any, now: int, *, second: bool) -> Iterator[bytes]:
    rows = {row[0]: row for row in (_metadata_2(request) if second else _metadata_1(request))}
    for row in rows.values():
        yield metadata_row(*row, now)


_Metadata = tuple[str, str, str, str]
"""Name, type, unit, help."""


def _metadata_1(request: Any) -> Iterator[_Metadata]:
    for one in request.metadata:
        yield one.name, _kind(one.type), one.unit, one.help


def _metadata_2(request: Any) -> Iterator[_Metadata]:
    symbols = request.symbols
    resolve = _pairs_of_refs(symbols)
    for one in request.timeseries:
        about = one.metadata
        if about.type and max(about.help_ref, about.unit_ref) < len(symbols):
            name = _text(dict(resolve(one.labels_refs)).get(b"__name__", b""))
            help_text, unit = _text(symbols[about.help_ref]), _text(symbols[about.unit_ref])
            yield _family(name, _kind(about.type)), _kind(about.type), unit, help_text


def _family(name: str, kind: str) -> str:
    """A histogram's or summary's series are told by the name they share."""
    if kind in ("histogram", "summary"):
        for ending in ("_bucket", "_sum", "_count"):
            name = name.removesuffix(ending)
    return name


def _kind(number: int) -> str:
    return METRIC_TYPES[number] if 0 <= number < len(METRIC_TYPES) else METRIC_TYPES[0]
