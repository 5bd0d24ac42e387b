"""Prometheus remote write, 1.0 and 2.0: requests as rows of the tables."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from google.protobuf.message import DecodeError

from telemetry.ingest.rows import pack_sample
from telemetry.ingest.series import (
    MAX_LABELS,
    MAX_SERIES,
    MAX_SERIES_PER_NAMESPACE,
    id_of_labels,
)
from telemetry.prompb import METRIC_TYPES, Label, WriteRequest, WriteRequest2

MAX_NAME_BYTES = 1024
MAX_VALUE_BYTES = 4096
AHEAD_MS = 600_000
"""Samples may be that much of the future."""
ANNOUNCE_MS = 3_600_000
REMEMBERED = 300_000
REASONS = 5
"""That an answer names."""
_NAME = "__name__"

Pairs = tuple[tuple[bytes, bytes], ...]


class Malformed(ValueError):  # noqa: N818  says what the text is
    """No write request."""


@dataclass(slots=True)
class _Known:
    id: int
    namespace: str
    announced_ms: int


@dataclass(slots=True)
class Written:
    """What one request comes to: rows of `series`, `exemplars` and `metric_metadata` as lines of
    JSON, rows of `samples` in RowBinary. `refused` counts by reason what was left out."""

    samples: bytes = b""
    series: bytes = b""
    exemplars: bytes = b""
    metadata: bytes = b""
    counted: int = 0
    exemplars_counted: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    announced: list[tuple[int, int]] = field(default_factory=list)
    """(key, until when): to be remembered once the rows are stored."""

    def refuse(self, reason: str, count: int) -> None:
        self.refused[reason] = self.refused.get(reason, 0) + count

    def why(self) -> str:
        told = list(self.refused.items())[:REASONS]
        return "; ".join(f"{count} refused: {reason}" for reason, count in told)


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

    def __init__(
        self,
        quota: int = MAX_SERIES_PER_NAMESPACE,
        *,
        all_series: int = MAX_SERIES,
        seconds: int = 15 * 86_400,
    ) -> None:
        self._quota = quota
        self._all_series = all_series
        self._kept_ms = seconds * 1000
        self._known: dict[int, _Known] = {}
        self._sizes: dict[str, int] = {}

    def take(self, body: bytes, now_ms: int, *, second: bool = False) -> Written:
        """Rows of an unpacked request of remote write 1, or 2. Raises Malformed."""
        request: Any = (WriteRequest2 if second else WriteRequest)()
        try:
            request.ParseFromString(body)
        except (DecodeError, RuntimeError):
            raise Malformed("the body is not a write request") from None
        written = Written()
        self._make_room()
        samples, exemplars, named = bytearray(), bytearray(), bytearray()
        oldest, newest = now_ms - self._kept_ms, now_ms + AHEAD_MS
        pairs_of = _pairs_of_refs(request.symbols) if second else _pairs_of_raw
        for series in _second(request) if second else _first(request):
            if series.histograms:
                written.refuse("native histograms are not kept", series.histograms)
            known = self._known.get(series.key)
            if known is None:
                known = self._met(series, pairs_of, written)
                if known is None:
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
                named += _announcement(known.id, pairs_of(series.raw), latest // 1000) + b"\n"
                written.announced.append((series.key, latest))
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
        if len(self._known) > max(REMEMBERED, self._all_series):
            self._known.clear()
            self._sizes.clear()

    def _met(self, series: _Series, pairs_of: Any, written: Written) -> _Known | None:
        count = len(series.samples)
        labels = _labels(pairs_of(series.raw))
        if isinstance(labels, str):
            written.refuse(labels, count)
            return None
        namespace = labels.get("namespace", "")
        size = self._sizes.get(namespace, 0)
        if size >= self._quota or len(self._known) >= self._all_series:
            where = f"namespace {namespace!r}" if namespace else "series without a namespace"
            written.refuse(f"{where} has its {self._quota} series already", count)
            return None
        name = labels.pop(_NAME)
        known = _Known(id_of_labels(name, labels), namespace, -ANNOUNCE_MS)
        self._known[series.key] = known
        self._sizes[namespace] = size + 1
        return known


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
    return found if _NAME in found else "a series has no name"


def _text(given: bytes) -> str:
    return given.decode(errors="replace")


def _announcement(number: int, pairs: Pairs, seconds: int) -> bytes:
    labels = {_text(name): _text(value) for name, value in pairs if value}
    return orjson.dumps((number, labels.pop(_NAME), labels, seconds))


def _metadata(request: Any, now: int, *, second: bool) -> Iterator[bytes]:
    rows: Mapping[str, tuple[object, ...]] = dict(
        _metadata_2(request) if second else _metadata_1(request)
    )
    for row in rows.values():
        yield orjson.dumps((*row, now))


def _metadata_1(request: Any) -> Iterator[tuple[str, tuple[object, ...]]]:
    for one in request.metadata:
        yield one.name, (one.name[:MAX_NAME_BYTES], _kind(one.type), one.unit[:64], one.help[:1024])


def _metadata_2(request: Any) -> Iterator[tuple[str, tuple[object, ...]]]:
    symbols = request.symbols
    resolve = _pairs_of_refs(symbols)
    for one in request.timeseries:
        about = one.metadata
        if about.type and max(about.help_ref, about.unit_ref) < len(symbols):
            name = _text(dict(resolve(one.labels_refs)).get(b"__name__", b""))
            help_text, unit = _text(symbols[about.help_ref]), _text(symbols[about.unit_ref])
            family = _family(name, _kind(about.type))
            yield family, (family, _kind(about.type), unit[:64], help_text[:1024])


def _family(name: str, kind: str) -> str:
    """A histogram's or summary's series are told by the name they share."""
    if kind in ("histogram", "summary"):
        for ending in ("_bucket", "_sum", "_count"):
            name = name.removesuffix(ending)
    return name[:MAX_NAME_BYTES]


def _kind(number: int) -> str:
    return METRIC_TYPES[number] if 0 <= number < len(METRIC_TYPES) else METRIC_TYPES[0]
