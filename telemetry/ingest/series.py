"""The latest cumulative value of every series of every sender, and what became of it since.

Pure bookkeeping: the collector feeds it points and takes from it, once a second, what has been
added since the last published values, and every five seconds the samples to store.
"""

import hashlib
import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import orjson
from opentelemetry.proto.metrics.v1.metrics_pb2 import HistogramDataPoint, NumberDataPoint

from telemetry.contracts import EdgeCount, EdgeKey
from telemetry.ingest.attributes import text_attributes
from telemetry.ingest.breakers import SHORT as BREAKERS
from telemetry.ingest.edge_rows import EdgeCounts
from telemetry.ingest.istio import (
    METRICS,
    Counted,
    add,
    connection,
    edge_key,
    increase_of,
    stored_name,
)
from telemetry.ingest.quotas import Quotas, Share
from telemetry.ingest.values import Point, PointExemplar, PointKind, Resource, ResourcePoints

MAX_SENDERS = 20_000
"""Of all namespaces: who invents names gets no further than this."""
MAX_ATTRIBUTES = 8192
"""Bytes of one point's attributes."""
MAX_LABELS = 64
MAX_LABEL = 1024
HEARTBEAT_SECONDS = 30
"""An unchanged series is sampled this often: well inside Prometheus's five minutes."""
FORGET_SECONDS = 30
"""A sender silent this long is forgotten here; should it come back, its state is read again."""
ALIVE_SECONDS = 5
"""Proxies speak every second; the connections of one silent for longer are gone with it."""
ANNOUNCE_SECONDS = 3600
_LABEL = re.compile(r"[^a-zA-Z0-9_]")

Values = tuple[float, ...]
SampleRow = tuple[int, float, float]
ExemplarRow = tuple["Series", int, PointExemplar]
"""Of a series; the id of the stored one it belongs to."""


@dataclass(slots=True)
class Series:
    """One series. `field` names it in the broker; `published` is None until that is known."""

    field: str
    name: str
    kind: PointKind
    labels: Mapping[str, str]
    bounds: Values
    edge: tuple[EdgeKey, Counted] | None
    values: Values
    published: Values | None = None
    stored: Values | None = None
    stored_at: float = 0.0
    announced_at: float = 0.0
    ids: tuple[int, ...] = ()
    exemplar_ns: int = 0
    """The newest that is stored: some senders repeat them."""
    counts: EdgeCounts | None = None
    """What its sender counts of the same edge."""


@dataclass(slots=True)
class Sender:
    """One run of one proxy or application. `loaded` says its published values were looked up.

    `covered_until`: up to then all it counted is public (Unix seconds; 0 when that is not known).
    """

    instance: str
    resource: Resource
    heard_at: float = 0.0
    covered_until: float = 0.0
    loaded: bool = False
    series: dict[tuple[str, bytes], Series] = field(default_factory=dict)
    connections: list[tuple[Series, EdgeKey, int]] = field(default_factory=list)
    """Its series of connections, and which edge's open ones they raise (1) or lower (-1)."""
    breakers: list[Series] = field(default_factory=list)
    """Its series of limits and ejections."""
    edges: dict[int, EdgeCounts] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Increase:
    """What one sender's edges gained after `since` and until `heard_at` (Unix seconds).

    Counts to publish, and the values they bring it to. `since` is 0 when it is not known.
    """

    instance: str
    since: float
    heard_at: float
    values: Mapping[str, Values]
    counts: tuple[tuple[EdgeKey, EdgeCount], ...]


class SeriesTable:
    """All senders this collector hears."""

    def __init__(self, share: Share | None = None, *, all_senders: int = MAX_SENDERS) -> None:
        self.senders: dict[str, Sender] = {}
        self.dropped = 0
        self._share = share or Quotas().share()
        self._all_senders = all_senders
        self._exemplars: list[ExemplarRow] = []

    def exemplars(self) -> list[ExemplarRow]:
        """Those that came since this was asked last."""
        found, self._exemplars = self._exemplars, []
        return found

    def take(self, received: ResourcePoints, now: float) -> int:
        """Remember the newest values; return how many points were not taken."""
        sender = self.senders.get(received.instance)
        if sender is None:
            if len(self.senders) >= self._all_senders:
                self.dropped += len(received.points)
                return len(received.points)
            sender = Sender(received.instance, received.resource)
            self.senders[received.instance] = sender
        sender.heard_at = now
        refused = 0
        for point in received.points:
            series = sender.series.get((point.name, point.key))
            if series is None:
                series = self._new(sender, point)
                if series is None:
                    refused += 1
                    continue
            if series.bounds == point.bounds and _histogram(series) == _histogram(point):
                series.values = point.values
                if point.exemplars:
                    self._exemplars += _new_exemplars(series, point)
            else:
                refused += 1
        return refused

    def load(
        self, instance: str, published: Mapping[str, Values] | None, covered_until: float = 0.0
    ) -> None:
        """Set what was published of a sender before, and until when that was all it had counted.

        A mapping: by field; a series not in it was never published and counts from zero.
        None: it is an old sender of which nothing is known; its present values are the baseline.
        """
        sender = self.senders.get(instance)
        if sender is None:  # forgotten meanwhile
            return
        sender.covered_until = max(sender.covered_until, covered_until)
        for series in sender.series.values():
            series.published = (
                series.values if published is None else published.get(series.field, ())
            )
        sender.loaded = True

    def unload(self) -> None:
        """Forget what was published: whether the last publication happened is not known."""
        for sender in self.senders.values():
            sender.loaded = False

    def increases(self) -> Iterator[Increase]:
        """What each loaded sender gained since it was last published."""
        for sender in self.senders.values():
            if sender.loaded:
                gained = _increase(sender)
                if gained.values:
                    yield gained
                else:
                    sender.covered_until = sender.heard_at

    def open_connections(self, now: float) -> dict[EdgeKey, int]:
        """How many connections each edge has open; a sender that fell silent has none."""
        levels: dict[EdgeKey, int] = {}
        for sender in self.senders.values():
            if sender.connections and now - sender.heard_at <= ALIVE_SECONDS:
                for key, level in _levels(sender).items():
                    levels[key] = levels.get(key, 0) + level
        return levels

    def published(self, increases: list[Increase]) -> None:
        """Those increases are public now."""
        for gained in increases:
            self.senders[gained.instance].covered_until = gained.heard_at
            for series in self.senders[gained.instance].series.values():
                if series.field in gained.values:
                    series.published = gained.values[series.field]

    def samples(self, now: float) -> tuple[list[Series], list[SampleRow], list[Series]]:
        """Series to announce, samples at `now` (Unix seconds), and which series these are of."""
        new: list[Series] = []
        samples: list[SampleRow] = []
        sampled: list[Series] = []
        for sender in self.senders.values():
            silent = now - sender.heard_at > HEARTBEAT_SECONDS / 2
            for series in sender.series.values():
                due = not silent and now - series.stored_at >= HEARTBEAT_SECONDS
                if series.values == series.stored and not due:
                    continue
                if now - series.announced_at > ANNOUNCE_SECONDS:
                    new.append(series)
                samples += zip(
                    series.ids, [now] * len(series.ids), _stored_values(series), strict=True
                )
                sampled.append(series)
        return new, samples, sampled

    def stored(self, sampled: list[Series], values: list[Values], now: float) -> None:
        """Those samples are in the store."""
        for series, kept in zip(sampled, values, strict=True):
            series.stored = kept
            series.stored_at = now
            if now - series.announced_at > ANNOUNCE_SECONDS:
                series.announced_at = now

    def forget_silent(self, now: float) -> None:
        """Drop senders that are gone and whose values are all public and stored."""
        for sender in list(self.senders.values()):
            done = all(
                s.values == s.stored and (s.edge is None or s.values == s.published)
                for s in sender.series.values()
            )
            if done and now - sender.heard_at > FORGET_SECONDS:
                del self.senders[sender.instance]
                self._release(sender)

    def _release(self, sender: Sender) -> None:
        """Its series count no longer."""
        size = sum(len(s.ids) for s in sender.series.values())
        self._share.give_back(sender.resource.namespace, size)

    def _new(self, sender: Sender, point: Point) -> Series | None:
        number = 1 if not _histogram(point) else len(point.bounds) + 3
        small = len(point.key) <= MAX_ATTRIBUTES
        if not small or not self._share.take(sender.resource.namespace, number):
            self.dropped += 1
            return None
        series = _series(sender, point)
        sender.series[point.name, point.key] = series
        if series.edge is not None:
            series.counts = _counts(sender, series, *series.edge)
        change = connection(*series.edge) if series.edge else None
        if change is not None:
            sender.connections.append((series, *change))
        if series.name in BREAKERS and series.kind is not PointKind.HISTOGRAM:
            sender.breakers.append(series)
        return series


def _new_exemplars(series: Series, point: Point) -> Iterator[ExemplarRow]:
    """A histogram's belong to the bucket they fell into."""
    for one in point.exemplars:
        if one.time_ns > series.exemplar_ns:
            place = bisect_left(series.bounds, one.value) if _histogram(series) else 0
            yield series, series.ids[place], one


def _histogram(one: Series | Point) -> bool:
    return one.kind is PointKind.HISTOGRAM


def difference(now: Values, before: Values) -> Values:
    """How much cumulative values grew; after a reset (the first one fell) all of `now` is growth."""
    if len(before) != len(now) or now[0] < before[0]:
        return now
    return tuple([n - b if n > b else 0 for n, b in zip(now, before, strict=True)])


def _increase(sender: Sender) -> Increase:
    values: dict[str, Values] = {}
    counts: dict[EdgeKey, EdgeCount] = {}
    for series in sender.series.values():
        if series.edge is None or series.values == series.published:
            continue
        key, counted = series.edge
        gained = increase_of(counted, difference(series.values, series.published or ()))
        counts[key] = add(counts[key], gained) if key in counts else gained
        values[series.field] = series.values
    return Increase(
        instance=sender.instance,
        since=sender.covered_until,
        heard_at=sender.heard_at,
        values=values,
        counts=tuple(counts.items()),
    )


def _levels(sender: Sender) -> dict[EdgeKey, int]:
    levels: dict[EdgeKey, int] = {}
    for series, key, sign in sender.connections:
        levels[key] = levels.get(key, 0) + sign * round(series.values[0])
    return {key: level for key, level in levels.items() if level > 0}


def _series(sender: Sender, point: Point) -> Series:
    name = stored_name(point.name)
    tags = _tags(point)
    counted = METRICS.get(name)
    edge = edge_key(counted, tags) if counted else None
    labels = {**_sender_labels(sender), **tags}
    if point.kind is PointKind.HISTOGRAM:
        labels.pop("le", None)  # a bucket's bound goes there
    series = Series(
        field=hashlib.blake2b(point.name.encode() + b"\0" + point.key, digest_size=12).hexdigest(),
        name=name,
        kind=point.kind,
        labels=labels,
        bounds=point.bounds,
        edge=(edge, counted) if edge is not None and counted is not None else None,
        values=(),
        published=() if sender.loaded else None,
    )
    series.ids = _ids(series)
    return series


def _counts(sender: Sender, series: Series, key: EdgeKey, counted: Counted) -> EdgeCounts:
    number = series_id("edge", _text(series.labels))
    counts = sender.edges.setdefault(number, EdgeCounts(number, sender.instance, key))
    counts.series[counted] = series
    return counts


def _tags(point: Point) -> dict[str, str]:
    if point.kind is PointKind.HISTOGRAM:
        pairs = HistogramDataPoint.FromString(point.key).attributes
    else:
        pairs = NumberDataPoint.FromString(point.key).attributes
    tags = text_attributes(pairs[:MAX_LABELS])
    return {_LABEL.sub("_", k[:MAX_LABEL]): v[:MAX_LABEL] for k, v in tags.items()}


def _sender_labels(sender: Sender) -> dict[str, str]:
    """As a Prometheus scrape would add them."""
    resource = sender.resource
    labels = {
        "job": resource.service,
        "namespace": resource.namespace,
        "pod": resource.attributes.get("k8s.pod.name", ""),
        "instance": sender.instance,
    }
    return {name: value[:MAX_LABEL] for name, value in labels.items() if value}


def _text(labels: Mapping[str, str]) -> str:
    return "\0".join(f"{k}={v}" for k, v in sorted(labels.items()))


def series_id(name: str, labels: str, bound: str = "") -> int:
    """64 bits of the name, the sorted labels as one text, and a bucket's bound."""
    text = f"{name}\0{labels}\0{bound}"
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def id_of_labels(name: str, labels: Mapping[str, str]) -> int:
    """The id of one stored series, whoever sends it; `labels` without the name."""
    bound = labels.get("le", "") if name.endswith("_bucket") else ""
    left = {k: v for k, v in labels.items() if not (bound and k == "le")}
    return series_id(name, _text(left), bound)


def _ids(series: Series) -> tuple[int, ...]:
    """In the order of `_stored_series`; the labels are sorted once, not once a bucket."""
    labels = _text(series.labels)
    return tuple(
        series_id(name, labels, ls["le"] if name.endswith("_bucket") and "le" in ls else "")
        for name, ls in _stored_series(series)
    )


def _stored_series(series: Series) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Names and labels as Prometheus has them: a histogram is its buckets, sum and count."""
    if series.kind is not PointKind.HISTOGRAM:
        yield series.name, series.labels
        return
    for bound in [*(_number(b) for b in series.bounds), "+Inf"]:
        yield f"{series.name}_bucket", {**series.labels, "le": bound}
    yield f"{series.name}_sum", series.labels
    yield f"{series.name}_count", series.labels


def _stored_values(series: Series) -> list[float]:
    """In the order of `_stored_series`."""
    if series.kind is not PointKind.HISTOGRAM:
        return [series.values[0]]
    count, total, *buckets = series.values
    below = 0.0
    cumulative = []
    for number in buckets[:-1]:
        below += number
        cumulative.append(below)
    return [*cumulative, count, total, count]


def announcement(series: Series, now: int) -> Iterator[bytes]:
    """Rows of the table `series` as JSON arrays. Labels are encoded once, not once a bucket."""
    labels = orjson.dumps(series.labels)[:-1]
    histogram = series.kind is PointKind.HISTOGRAM
    for number, (name, named) in zip(series.ids, _stored_series(series), strict=True):
        bound = (
            b',"le":"%b"}' % named["le"].encode()
            if histogram and name.endswith("_bucket")
            else b"}"
        )
        yield b'[%d,"%b",%b%b,%d]' % (number, name.encode(), labels, bound, now)


def _number(bound: float) -> str:
    return str(int(bound)) if bound == int(bound) else repr(bound)
