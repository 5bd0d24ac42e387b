"""Writes: files of rules, and the evaluation of their groups."""

import glob
import hashlib
import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F

from metrics.models import RuleFile, RuleGroup
from metrics.promql import labels as label_sets
from metrics.promql.engine import Answer
from metrics.promql.errors import Failure
from metrics.promql.labels import NAME, Labels
from metrics.promql.series import STALE, Grid, Scalar
from metrics.rules import alerts
from metrics.rules.alerts import Alert
from metrics.rules.model import Alerting, Group, Recording, Rule
from metrics.rules.parse import Parsed, parse
from metrics.selectors import engine
from telemetry.facade import StoreAway, StoreError, sample_writer

log = logging.getLogger(__name__)

MOST_SECONDS = 60.0
"""That one rule may take, and never longer than its group's interval."""
State = dict[str, Any]


def put_file(name: str, text: str, now_ms: int, *, on_disk: bool = False) -> Parsed:
    """Replace a file of rules, unless it has errors. Rules that stay keep their alerts."""
    parsed = read(text, name)
    if parsed.sound:
        with transaction.atomic():
            findings = [asdict(one) for one in parsed.findings]
            made = {"text": text, "on_disk": on_disk, "findings": findings}
            file, _ = RuleFile.objects.update_or_create(name=name, defaults=made)
            _replace_groups(file, parsed.groups, now_ms)
    return parsed


def delete_file(name: str, now_ms: int) -> bool:
    """Its series end at once."""
    file = RuleFile.objects.filter(name=name).first()
    if file is None:
        return False
    gone = [labels for group in file.groups.all() for labels in _produced(group)]
    file.delete()
    _end(gone, now_ms)
    return True


def sync_files(now_ms: int) -> None:
    """Bring the rows up to the files of MESHWEB_RULE_FILES; a broken file changes nothing."""
    found = sorted(glob.glob(settings.RULE_FILES))  # noqa: PTH207  the pattern may be absolute
    known = {one.name: one for one in RuleFile.objects.filter(on_disk=True)}
    for path in found:
        try:
            text = Path(path).read_text(errors="replace")
        except OSError as error:
            log.warning("rules in %s cannot be read: %s", path, error)
            continue
        kept = known.get(path)
        if kept is not None and kept.text == text:
            continue
        parsed = put_file(path, text, now_ms, on_disk=True)
        if not parsed.sound:
            _tell_broken(path, parsed)
    for name in known.keys() - set(found):
        delete_file(name, now_ms)


@lru_cache(maxsize=64)
def _told_broken(path: str, digest: str, message: str) -> None:
    log.warning("rules in %s are not taken (%s): %s", path, digest[:8], message)


def _tell_broken(path: str, parsed: Parsed) -> None:
    """Once, not at every look."""
    first = next(one for one in parsed.findings if one.severity == "error")
    digest = hashlib.sha256(repr(parsed.findings).encode()).hexdigest()
    _told_broken(path, digest, f"{first.path}: {first.message}")


@lru_cache(maxsize=256)
def read(text: str, name: str) -> Parsed:
    return parse(text, name)


def evaluate_due(now_ms: int) -> int:
    """Evaluate every group whose time has come, once each; return how many."""
    due = RuleGroup.objects.filter(next_at_ms__lte=now_ms).select_related("file")
    return sum(_claim(group, now_ms) for group in due.order_by("next_at_ms"))


def _claim(group: RuleGroup, now_ms: int) -> bool:
    """As Prometheus: of moments that were missed only the last one is evaluated."""
    missed = (now_ms - group.next_at_ms) // group.interval_ms
    moment = group.next_at_ms + missed * group.interval_ms
    waiting = RuleGroup.objects.filter(pk=group.pk, next_at_ms=group.next_at_ms)
    following = moment + group.interval_ms
    if not waiting.update(next_at_ms=following, missed=F("missed") + missed):
        return False  # another worker has it
    parsed = read(group.file.text, group.file.name)
    for one in parsed.groups:
        if one.name == group.name:
            _evaluate(group, one, moment)
    return True


def _evaluate(row: RuleGroup, group: Group, moment: int) -> None:
    began = time.monotonic()
    kept = {state["key"]: state for state in row.state}
    states = [
        _evaluated(group, rule, kept.get(key_of(rule), {}), f"{row.pk}-{index}", moment)
        for index, rule in enumerate(group.rules)
    ]
    RuleGroup.objects.filter(pk=row.pk).update(
        state=states, evaluated_at_ms=moment, took_seconds=time.monotonic() - began
    )


def _evaluated(group: Group, rule: Rule, before: State, name: str, moment: int) -> State:
    began = time.monotonic()
    state: State = {"alerts": [], "produced": [], **before, "key": key_of(rule)}
    try:
        problem = _step(group, rule, state, name, moment)
    except (StoreAway, StoreError, ValueError) as error:
        problem = str(error)[:300]
    state |= {
        "health": "err" if problem else "ok",
        "error": problem,
        "evaluated_at": moment,
        "took": time.monotonic() - began,
    }
    return state


def _step(group: Group, rule: Rule, state: State, name: str, moment: int) -> str:
    """One rule's query, what follows from it, and its samples; says what went wrong.

    Raises StoreAway, StoreError, ValueError."""
    seconds = min(MOST_SECONDS, group.interval_ms / 1000)
    answer = engine(seconds).instant(rule.expression, moment - group.offset_ms)
    if isinstance(answer, Failure):
        return answer.message
    result = rows_of(answer)
    if group.limit and len(result) > group.limit:
        what = "series" if isinstance(rule, Recording) else "alerts"
        return f"exceeded limit of {group.limit} with {len(result)} {what}"
    if isinstance(rule, Recording):
        samples = _recorded(rule, result)
    else:
        before = map(Alert.of_json, state["alerts"])
        found = alerts.advanced(rule, before, result, moment, state.get("evaluated_at"))
        state["alerts"] = [alert.as_json() for alert in found]
        samples = alerts.samples(found)
    produced = [dict(labels) for labels, _ in samples]
    gone = [labels for labels in state["produced"] if labels not in produced]
    rows = [(dict(labels), moment, value) for labels, value in samples]
    rows += [(labels, moment, STALE) for labels in gone]
    sample_writer().write(rows, token=f"rule-{name}-{moment}")
    state["produced"] = produced
    return ""


def rows_of(answer: Answer) -> list[tuple[Labels, float]]:
    if isinstance(answer.value, Scalar):
        return [((), float(answer.value.values[0]))]
    if not isinstance(answer.value, Grid):
        raise TypeError("rule result is not a vector or scalar")
    values = answer.value.values[:, 0].tolist()
    return list(zip(answer.value.labels, values, strict=True))


def _recorded(
    rule: Recording, result: Sequence[tuple[Labels, float]]
) -> list[tuple[Labels, float]]:
    """Raises ValueError where two results become one series."""
    made = {
        label_sets.make({**dict(labels), **dict(rule.labels), NAME: rule.record}): value
        for labels, value in result
    }
    if len(made) < len(result):
        raise ValueError(
            "vector contains metrics with the same labelset after applying rule labels"
        )
    return list(made.items())


def key_of(rule: Rule) -> str:
    """What makes a rule the same one after its file has changed."""
    if isinstance(rule, Alerting):
        parts: tuple[object, ...] = ("alert", rule.alert, rule.expression, rule.labels, rule.for_ms)
    else:
        parts = ("record", rule.record, rule.expression, rule.labels)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:24]


def _replace_groups(file: RuleFile, groups: Iterable[Group], now_ms: int) -> None:
    kept = {group.name: group for group in file.groups.all()}
    gone: list[dict[str, str]] = []
    for place, group in enumerate(groups):
        old = kept.pop(group.name, None)
        keys = {key_of(rule) for rule in group.rules}
        state = [one for one in old.state if one["key"] in keys] if old else []
        gone += _produced(old, except_keys=keys) if old else []
        next_at = _first_moment(f"{file.name};{group.name}", group.interval_ms, now_ms)
        unchanged = old is not None and old.interval_ms == group.interval_ms
        RuleGroup.objects.update_or_create(
            file=file,
            name=group.name,
            defaults={
                "place": place,
                "interval_ms": group.interval_ms,
                "next_at_ms": old.next_at_ms if old is not None and unchanged else next_at,
                "state": state,
            },
        )
    for old in kept.values():
        gone += _produced(old)
        old.delete()
    transaction.on_commit(lambda: _end(gone, now_ms))


def _first_moment(name: str, interval_ms: int, now_ms: int) -> int:
    """Groups of one interval are spread over it, each always at the same place."""
    spread = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") % interval_ms
    first = now_ms // interval_ms * interval_ms + spread
    return first if first >= now_ms else first + interval_ms


def _produced(group: RuleGroup, *, except_keys: Iterable[str] = ()) -> list[dict[str, str]]:
    left = set(except_keys)
    return [one for state in group.state if state["key"] not in left for one in state["produced"]]


def _end(gone: Sequence[dict[str, str]], now_ms: int) -> None:
    """Their last samples stay until the lookback is over if the store does not answer."""
    try:
        rows = [(labels, now_ms, STALE) for labels in gone]
        sample_writer().write(rows, token=f"rules-end-{now_ms}")
    except (StoreAway, StoreError) as error:
        log.warning("series of rules that are gone are not ended: %s", str(error)[:300])
