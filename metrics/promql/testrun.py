"""Runs test scripts against the engine and says what passed."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from metrics.promql.annotations import Level
from metrics.promql.engine import Answer, Engine, Matrix
from metrics.promql.errors import Failure
from metrics.promql.evaluate import Options, as_grid
from metrics.promql.labels import Labels, show
from metrics.promql.memory import Memory
from metrics.promql.notation import Line, duration_ms
from metrics.promql.series import Grid, Scalar, String
from metrics.promql.testlang import Clear, Eval, Expect, ExpectKind, Load, Unread, commands

OPTIONS = Options(delayed_names=True)
"""What the scripts assume of the engine."""
_TOLERANCE = 1e-6
_OUT_OF_SCOPE = re.compile(r"\binfo\s*\(|\b(?:anchored|smoothed)\b|\{\{")


@dataclass(frozen=True, slots=True)
class Report:
    """How the evaluations of one script went; a reason names line and query."""

    passed: int
    failed: int
    skipped: int
    reasons: tuple[str, ...]


def run(script: str) -> Report:
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    reasons: list[str] = []
    memory = Memory()
    for command in commands(script):
        match command:
            case Clear():
                memory = Memory()
            case Load():
                _load(memory, command)
            case Unread(line, reason, evals):
                counts["skipped"] += evals
                reasons.append(f"line {line}: skipped: {reason}")
            case Eval():
                outcome, reason = _judge(memory, command)
                counts[outcome] += 1
                if reason:
                    reasons.append(f"line {command.line}: {outcome}: {command.query}: {reason}")
    return Report(counts["passed"], counts["failed"], counts["skipped"], tuple(reasons))


def _load(memory: Memory, load: Load) -> None:
    for line in load.series:
        samples = (
            (index * load.interval_ms, point)
            for index, point in enumerate(line.points)
            if point is not None
        )
        memory.add(line.labels, samples)


def _judge(memory: Memory, test: Eval) -> tuple[str, str]:
    if _OUT_OF_SCOPE.search(test.query):
        return "skipped", "info(), anchored, smoothed and native histograms are out of scope"
    problem = next(problems(memory, test), None)
    return ("passed", "") if problem is None else ("failed", problem)


def problems(memory: Memory, test: Eval) -> Iterator[str]:
    """What is wrong with our answer, nothing if it is right."""
    engine = Engine(source=memory, options=OPTIONS)
    if test.step_ms is None:
        answer = engine.instant(test.query, test.start_ms)
    else:
        answer = engine.range(test.query, test.start_ms, test.end_ms, test.step_ms)
    refusals = test.of(ExpectKind.FAIL)
    if isinstance(answer, Failure):
        if not refusals:
            yield f"refused: {answer.message}"
        elif not all(_fits(one, answer.message) for one in refusals):
            yield f"refused with other words: {answer.message}"
        return
    if refusals:
        yield "should have been refused"
        return
    yield from _annotation_problems(answer, test)
    yield from _value_problems(answer, test)


def _fits(expected: Expect, text: str) -> bool:
    if expected.pattern:
        try:
            return re.search(expected.pattern, text) is not None
        except re.error:
            return False
    return not expected.text or expected.text in text


def _annotation_problems(answer: Answer, test: Eval) -> Iterator[str]:
    for level, wanted, unwanted in (
        (Level.WARNING, ExpectKind.WARN, ExpectKind.NO_WARN),
        (Level.INFO, ExpectKind.INFO, ExpectKind.NO_INFO),
    ):
        found = [str(one) for one in answer.annotations if one.level is level]
        if test.of(unwanted) and found:
            yield f"unexpected {level}: {found[0]}"
        expected = test.of(wanted)
        for one in expected:
            if not any(_fits(one, text) for text in found):
                yield f"{level} missing: {one.text or one.pattern}; found {found}"
        for text in found if expected else ():
            if not any(_fits(one, text) for one in expected):
                yield f"{level} not listed: {text}"


def _value_problems(answer: Answer, test: Eval) -> Iterator[str]:
    strings = test.of(ExpectKind.STRING)
    if strings or isinstance(answer.value, String):
        if not isinstance(answer.value, String) or [one.text for one in strings] != [
            answer.value.value
        ]:
            yield f"another string: {answer.value}"
    elif isinstance(answer.value, Matrix):
        yield from _matrix_problems(answer.value, test)
    elif test.scalar is not None:
        if not isinstance(answer.value, Scalar) or not _same(test.scalar, answer.value.values[0]):
            yield f"expected {test.scalar}, got {answer.value}"
    else:
        value = as_grid(answer.value) if isinstance(answer.value, Scalar) else answer.value
        yield from _grid_problems(value, test)


def _grid_problems(grid: Grid, test: Eval) -> Iterator[str]:
    rows = {
        labels: [float(v) if p else None for v, p in zip(values, present, strict=True)]
        for labels, values, present in zip(grid.labels, grid.values, grid.present, strict=True)
    }
    if test.of(ExpectKind.ORDERED):
        wanted = [one.labels for one in test.series]
        if list(rows) != wanted:
            yield f"another order: {[show(one) for one in rows]}"
    yield from _series_problems(rows, test.series, grid.values.shape[1])


def _series_problems(
    rows: dict[Labels, list[float | None]], wanted: Sequence[Line], steps: int
) -> Iterator[str]:
    for line in wanted:
        got = rows.pop(line.labels, None)
        expected = [*line.points, *[None] * (steps - len(line.points))]
        if got is None:
            if any(point is not None for point in expected):
                yield f"no series {show(line.labels)}; there are {[show(one) for one in rows]}"
        elif len(expected) != len(got) or not all(map(_same_point, expected, got)):
            yield f"{show(line.labels)} is {got}, not {expected}"
    for labels, got in rows.items():
        yield f"unexpected series {show(labels)} {got}"


def _matrix_problems(matrix: Matrix, test: Eval) -> Iterator[str]:
    ranges = test.of(ExpectKind.RANGE_VECTOR)
    if not ranges:
        yield "a range vector was not expected"
        return
    _, start, _, end, _, step = ranges[0].text.split()
    begin, until, interval = duration_ms(start), duration_ms(end), duration_ms(step)
    moments = range(begin, until + 1, interval)
    rows: dict[Labels, list[float | None]] = {}
    for series in matrix.series:
        at = dict(zip(series.times.tolist(), series.values.tolist(), strict=True))
        if not at.keys() <= set(moments):
            yield f"samples of {show(series.labels)} at other times: {sorted(at)}"
        rows[series.labels] = [at.get(moment) for moment in moments]
    yield from _series_problems(rows, test.series, len(moments))


def _same_point(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return _same(one, other)


def _same(one: float, other: float) -> bool:
    if np.isnan(one) or np.isnan(other):
        return bool(np.isnan(one) and np.isnan(other))
    if np.isinf(one) or np.isinf(other):
        return one == other
    return one == other or abs(one - other) < _TOLERANCE * (abs(one) + abs(other))
