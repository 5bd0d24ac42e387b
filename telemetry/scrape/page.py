"""One target's pages as rows: which series they hold, which came, which went. Pure.

A series that was on the last page is known by its text; only new ones are parsed and relabelled.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson

from telemetry.ingest.quotas import Share
from telemetry.ingest.rows import pack_sample
from telemetry.ingest.series import MAX_LABELS, id_of_labels
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
from telemetry.scrape.exposition import BadPage, Family, Line, exemplar_of, labels_of, lines_of
from telemetry.scrape.jobs import Limits
from telemetry.scrape.relabel import Labels, relabelled
from telemetry.scrape.targets import Target

STALE: float = struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0]
"""Prometheus's marker of a series' end."""
KEPT_MS = 15 * 86_400_000
MAX_EXEMPLAR = 1024
"""Bytes of one exemplar's text."""
REPORTS = (
    "up",
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "scrape_samples_post_metric_relabeling",
    "scrape_series_added",
)
_DROPPED = 0
"""In the place of an id: a rule or a quota leaves the series out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """`error` is "" where the page was taken; `bytes` are those of the page, unpacked."""

    error: str = ""
    seconds: float = 0.0
    bytes: int = 0


@dataclass(slots=True)
class _Reading:
    """What a page has come to so far."""

    now_ms: int
    written: Written = field(default_factory=Written)
    samples: list[bytes] = field(default_factory=list)
    series: list[bytes] = field(default_factory=list)
    exemplars: list[bytes] = field(default_factory=list)
    seen: dict[bytes, int] = field(default_factory=dict)
    timed: set[bytes] = field(default_factory=set)
    noted: dict[bytes, bytes] = field(default_factory=dict)
    taken: int = 0
    """Series that were counted for this page."""
    scraped: int = 0
    kept: int = 0
    added: int = 0

    def rows(self) -> Written:
        self.written.samples = b"".join(self.samples)
        self.written.series = b"\n".join(self.series)
        self.written.exemplars = b"\n".join(self.exemplars)
        return self.written


class Pages:
    """Of one target, in the order in which they came."""

    def __init__(self, target: Target, share: Share) -> None:
        self.families: dict[str, Family] = {}
        self.described: tuple[dict[str, Family], str, bytes] | None = None
        """Families, their hash, and how they are told."""
        self._target = target
        self._share = share
        self._known: dict[bytes, int] = {}
        self._timed: set[bytes] = set()
        self._former: set[int] = set()
        """What it had under other rules; they end unless the next page has them."""
        self._noted: dict[bytes, bytes] = {}
        """The last exemplar of a series, as its text."""
        self._payer = target.labels.get("namespace", "")
        self._held = 0
        self._announced_ms = 0
        self._reported_ms = 0
        self._reports = _reports(target)

    def page(
        self, body: bytes, outcome: Outcome, now_ms: int, *, open_metrics: bool
    ) -> tuple[Written, Outcome]:
        """Rows of a page and of the reports about it; the outcome has its error, if it has one."""
        reading = _Reading(now_ms)
        if now_ms - self._announced_ms >= ANNOUNCE_MS:
            self._announce_again(reading)
        families: dict[str, Family] = {}
        error = ""
        try:
            for line in lines_of(body, families, open_metrics=open_metrics):
                self._take(line, reading)
            self._check(reading)
        except BadPage as problem:
            error = str(problem)
            self._share.give_back(self._payer, reading.taken)
            outcome = Outcome(error=error, seconds=outcome.seconds, bytes=outcome.bytes)
            return self.failed(outcome, now_ms, reading), outcome
        self._mark_ended(reading)
        self._remember(reading, families)
        self._report(reading, outcome)
        return reading.rows(), outcome

    def failed(self, outcome: Outcome, now_ms: int, counts: _Reading | None = None) -> Written:
        """There is no page, or it is bad: all its series end, and the reports say so."""
        reading = _Reading(now_ms)
        self._mark_ended(reading)
        self._forget()
        if counts is not None:
            reading.scraped, reading.kept, reading.added = counts.scraped, counts.kept, counts.added
        self._report(reading, outcome)
        return reading.rows()

    def gone(self, now_ms: int) -> Written:
        """The target is no more: its series end, the reports too."""
        reading = _Reading(now_ms)
        self._mark_ended(reading)
        self._forget()
        reading.samples += (pack_sample(number, now_ms, STALE) for number, _ in self._reports)
        return reading.rows()

    def follow(self, target: Target) -> None:
        """The same target under other rules: its series are met anew, and end if they are others now."""
        self._target = target
        self._former |= set(self._known.values()) - {_DROPPED}
        self._forget()

    def unannounced(self) -> None:
        """Rows were lost: what they named is named again with the next page."""
        self._announced_ms = self._reported_ms = 0

    # -- one line ---------------------------------------------------------------------------

    def _take(self, line: Line, reading: _Reading) -> None:
        reading.scraped += 1
        number = self._known.get(line.series)
        if number is None:
            number = reading.seen.get(line.series)
        if number is None:
            number = self._met(line.series, reading)
        if number == _DROPPED:
            reading.seen[line.series] = number
            return
        reading.kept += 1
        limit = self._target.job.limits.samples
        if limit and reading.kept > limit:
            raise BadPage("sample limit exceeded")
        if line.series in reading.seen and line.time_ms is None:
            reading.written.refuse("the series is on the page twice", 1)
            return
        reading.seen[line.series] = number
        moment = reading.now_ms
        if line.time_ms is not None and self._target.job.honor_timestamps:
            moment = line.time_ms
            if not reading.now_ms - KEPT_MS <= moment <= reading.now_ms + AHEAD_MS:
                reading.written.refuse("out of bounds: too old or of the future", 1)
                return
            if not self._target.job.track_timestamps_staleness:
                reading.timed.add(line.series)
        reading.samples.append(pack_sample(number, moment, line.value))
        reading.written.counted += 1
        if line.exemplar:
            self._exemplar(line, number, moment, reading)

    def _exemplar(self, line: Line, number: int, moment: int, reading: _Reading) -> None:
        """One that was there at the last page is stored already."""
        text = line.exemplar
        if len(text) > MAX_EXEMPLAR:
            reading.written.refuse("an exemplar is too long", 1)
            return
        reading.noted[line.series] = text
        if self._noted.get(line.series) == text:
            return
        found = exemplar_of(text)
        if found is None:
            raise BadPage(f"not an exemplar: {text[:80].decode(errors='replace')!r}")
        at = moment if found.time_ms is None else found.time_ms
        if reading.now_ms - KEPT_MS <= at <= reading.now_ms + AHEAD_MS:
            reading.exemplars.append(orjson.dumps((number, at / 1000, found.value, found.labels)))
            reading.written.exemplars_counted += 1

    def _met(self, series: bytes, reading: _Reading) -> int:
        """The id of a series that was not on the last page; _DROPPED where it is left out."""
        labels = self._labels(series)
        if labels is None:
            return _DROPPED
        _check_labels(labels, self._target.job.limits)
        if not self._share.take(self._payer):
            reading.written.refuse(self._share.quotas.over_series(self._payer), 1)
            return _DROPPED
        reading.taken += 1
        number = _id(labels)
        reading.added += 1
        reading.series.append(announcement(number, labels, reading.now_ms // 1000))
        return number

    def _labels(self, series: bytes) -> Labels | None:
        """Of a stored series; None where a rule drops it. Raises BadPage."""
        labels = joined(labels_of(series), self._target.labels, honor=self._target.job.honor_labels)
        found = relabelled(labels, self._target.job.metric_relabel)
        if found is None:
            return None
        found = {name: text for name, text in found.items() if text}
        if NAME not in found:
            raise BadPage("a series has no name after relabelling")
        return found

    # -- from page to page ------------------------------------------------------------------

    def _check(self, reading: _Reading) -> None:
        """The whole page against its namespaces' quotas of bytes."""
        size = sum(map(len, reading.samples)) + sum(map(len, reading.series))
        if not self._share.quotas.spend(self._payer, size):
            raise BadPage(self._share.quotas.over_bytes(self._payer))

    def _mark_ended(self, reading: _Reading) -> None:
        gone = self._known.keys() - reading.seen.keys() - self._timed
        ended = {self._known[series] for series in gone} | self._former
        if not ended:
            return
        self._former = set()
        for number in ended - {_DROPPED} - set(reading.seen.values()):
            reading.samples.append(pack_sample(number, reading.now_ms, STALE))

    def _remember(self, reading: _Reading, families: dict[str, Family]) -> None:
        changed = families if not self._announced_ms else {
            name: one for name, one in families.items() if self.families.get(name) != one
        }  # fmt: skip
        reading.written.metadata = b"\n".join(
            metadata_row(name, one.kind, one.unit, one.help, reading.now_ms // 1000)
            for name, one in changed.items()
        )
        self._known, self._timed, self._noted = reading.seen, reading.timed, reading.noted
        self.families = families
        held = sum(1 for number in reading.seen.values() if number != _DROPPED)
        self._share.give_back(self._payer, self._held + reading.taken - held)
        self._held = held
        if not self._announced_ms:
            self._announced_ms = reading.now_ms

    def _forget(self) -> None:
        self._share.give_back(self._payer, self._held)
        self._held = 0
        self._known, self._timed, self._noted = {}, set(), {}

    def _announce_again(self, reading: _Reading) -> None:
        """All by their names, once an hour; what a quota left out gets another chance."""
        self._announced_ms = 0
        seconds = reading.now_ms // 1000
        self._known = {text: number for text, number in self._known.items() if number != _DROPPED}
        for series, number in self._known.items():
            labels = self._labels(series)
            if labels is not None:
                reading.series.append(announcement(number, labels, seconds))

    def _report(self, reading: _Reading, outcome: Outcome) -> None:
        values = (
            0.0 if outcome.error else 1.0,
            outcome.seconds,
            float(reading.scraped),
            float(reading.kept),
            float(reading.added),
        )
        if reading.now_ms - self._reported_ms >= ANNOUNCE_MS:
            self._reported_ms, seconds = reading.now_ms, reading.now_ms // 1000
            reading.series += (announcement(n, labels, seconds) for n, labels in self._reports)
        for (number, _), value in zip(self._reports, values, strict=True):
            reading.samples.append(pack_sample(number, reading.now_ms, value))


def joined(exposed: Labels, target: Mapping[str, str], *, honor: bool) -> Labels:
    """A series' own labels with its target's. Whose count where both have one, `honor` says; the
    other way round the series' become `exported_...`."""
    if honor:
        return {**target, **exposed}
    found = {name: text for name, text in exposed.items() if name not in target}
    for name in target:
        if exposed.get(name):
            other = f"exported_{name}"
            while other in exposed or other in target or other in found:
                other = f"exported_{other}"
            found[other] = exposed[name]
    return {**found, **target}


def _check_labels(labels: Labels, limits: Limits) -> None:
    """Those of the job, in Prometheus's words, and ours."""
    metric = labels[NAME][:200]
    if limits.labels and len(labels) > limits.labels:
        raise BadPage(f"label_limit exceeded (metric: {metric}, number of labels: {len(labels)}, limit: {limits.labels})")  # fmt: skip
    if len(labels) > MAX_LABELS:
        raise BadPage(f"a series has at most {MAX_LABELS} labels (metric: {metric})")
    longest, widest = limits.label_name or MAX_NAME_BYTES, limits.label_value or MAX_VALUE_BYTES
    for name, value in labels.items():
        if len(name) > longest:
            raise BadPage(f"label_name_length_limit exceeded (metric: {metric}, label name: {name[:80]}, limit: {longest})")  # fmt: skip
        if len(value) > widest:
            raise BadPage(f"label_value_length_limit exceeded (metric: {metric}, label name: {name[:80]}, limit: {widest})")  # fmt: skip


def _reports(target: Target) -> list[tuple[int, Labels]]:
    found = []
    for name in REPORTS:
        labels = {**{k: v for k, v in target.labels.items() if v}, NAME: name}
        found.append((_id(labels), labels))
    return found


def _id(labels: Labels) -> int:
    return id_of_labels(labels[NAME], {k: v for k, v in labels.items() if k != NAME})
