"""label_replace, label_join and the orders by label."""

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from metrics.promql import labels as label_sets
from metrics.promql import regex
from metrics.promql.errors import execution_error
from metrics.promql.labels import NAME
from metrics.promql.names import unite
from metrics.promql.series import Grid

_CHUNKS = re.compile(r"\d+|\D+")


def replaced(grid: Grid, target: str, template: str, source: str, pattern: str) -> Grid:
    """Rows whose source label matches get the template as target label."""
    if not label_sets.is_label_name(target):
        raise execution_error(f"invalid destination label name in label_replace(): {target}")
    values = [label_sets.get(one, source) for one in grid.labels]
    try:
        hits = np.flatnonzero(regex.matches(pattern, values or [""])[: len(values)])
    except regex.RegexError:
        raise execution_error(f"invalid regular expression in label_replace(): {pattern}") from None
    made = regex.expand(pattern, template, [values[row] for row in hits]) if len(hits) else []
    return _relabelled(grid, target, dict(zip(hits.tolist(), made, strict=True)))


def joined(grid: Grid, target: str, separator: str, sources: Sequence[str]) -> Grid:
    """Every row gets the source labels' values, in order, as target label."""
    if not label_sets.is_label_name(target):
        raise execution_error(f"invalid destination label name in label_join(): {target}")
    for source in sources:
        if not label_sets.is_label_name(source):
            raise execution_error(f"invalid source label name in label_join(): {source}")
    made = {
        row: separator.join(label_sets.get(one, source) for source in sources)
        for row, one in enumerate(grid.labels)
    }
    return _relabelled(grid, target, made)


def _relabelled(grid: Grid, target: str, made: dict[int, str]) -> Grid:
    """A name that is given here stays, even if the old one was to go."""
    labels = tuple(
        label_sets.replace(one, target, made[row]) if row in made else one
        for row, one in enumerate(grid.labels)
    )
    nameless = grid.nameless.copy()
    if target == NAME:
        nameless[list(made)] = False
    return unite(replace(grid, labels=labels, nameless=nameless))


def by_label(grid: Grid, names: Sequence[str], *, descending: bool) -> Grid:
    """Natural order of the named labels ("4m5" before "4m600"), then of all labels."""

    def key(row: int) -> tuple[object, ...]:
        one = grid.labels[row]
        return (*(natural(label_sets.get(one, name)) for name in names), one)

    rows = sorted(range(len(grid.labels)), key=key, reverse=descending)
    return grid.rows(np.array(rows, dtype=np.int64))


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """A key that compares runs of digits as numbers."""
    return tuple(
        (0, int(chunk), chunk) if chunk.isdecimal() else (1, 0, chunk)
        for chunk in _CHUNKS.findall(text)
    )


def by_value(grid: Grid, *, descending: bool) -> Grid:
    """NaN last."""
    values = grid.values[:, 0]
    key = -values if descending else values
    return grid.rows(np.argsort(key, kind="stable").astype(np.int64))
