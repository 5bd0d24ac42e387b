"""Binary operators between two vectors: which rows meet, and what their result is called."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from metrics.promql import labels as label_sets
from metrics.promql.ast import Binary, Cardinality, Matching
from metrics.promql.errors import execution_error
from metrics.promql.labels import NAME, Labels
from metrics.promql.names import settle, unite
from metrics.promql.operators import ARITHMETIC, apply
from metrics.promql.series import Booleans, Floats, Grid, Integers

Signature = Callable[[Labels], Labels]


def signature(matching: Matching) -> Signature:
    """The labels by which rows find each other."""
    names = frozenset(matching.labels)
    if matching.on:
        return lambda one: label_sets.keep(one, names)
    ignored = names | {NAME}
    return lambda one: label_sets.drop(one, ignored)


@dataclass(frozen=True, slots=True)
class _Side:
    grid: Grid
    keys: list[Labels]
    rows: dict[Labels, list[int]]


def _side(grid: Grid, key: Signature) -> _Side:
    keys = [key(one) for one in grid.labels]
    rows: dict[Labels, list[int]] = {}
    for row, found in enumerate(keys):
        rows.setdefault(found, []).append(row)
    return _Side(grid, keys, rows)


def combine(operation: Binary, left: Grid, right: Grid) -> Grid:
    """Arithmetic or comparison of two vectors."""
    matching = operation.matching
    swapped = matching.cardinality is Cardinality.ONE_TO_MANY
    key = signature(matching)
    many, one = (right, left) if swapped else (left, right)
    many_side, one_side = _side(many, key), _side(one, key)
    _refuse_duplicates(many_side, one_side, matching, swapped=swapped)
    pairs = [
        (row, other)
        for row, found in enumerate(many_side.keys)
        for other in one_side.rows.get(found, ())
    ]
    many_rows = np.array([row for row, _ in pairs], dtype=np.int64)
    one_rows = np.array([other for _, other in pairs], dtype=np.int64)
    met = many.present[many_rows] & one.present[one_rows]
    sides = many.values[many_rows], one.values[one_rows]
    values, stays = apply(
        operation.operator, *(sides[::-1] if swapped else sides), as_bool=operation.as_bool
    )
    names = [_result_labels(operation, many.labels[row], one.labels[other]) for row, other in pairs]
    result = Grid(
        tuple(names), np.array(values), met, _nameless(operation, many.nameless[many_rows])
    )
    result = _with_fills(operation, result, many_side, one_side, swapped=swapped)
    if matching.cardinality is Cardinality.ONE_TO_ONE:
        _refuse_many_to_one(many_rows, [many_side.keys[row] for row in many_rows], met)
    else:
        _refuse_ambiguous(result)
    kept = np.ones(result.present.shape, dtype=np.bool_)
    kept[: len(pairs)] = stays
    return unite(replace(result, present=result.present & kept)).compact()


def _refuse_duplicates(many: _Side, one: _Side, matching: Matching, *, swapped: bool) -> None:
    """No step may see two rows with one key on the "one" side (while the other side has any)."""
    filled = matching.fill_left is not None or matching.fill_right is not None
    busy = many.grid.present.any(axis=0) | filled
    for key, rows in one.rows.items():
        if len(rows) < 2:
            continue
        crowded = (one.grid.present[rows].sum(axis=0) > 1) & busy
        if crowded.any():
            step = int(np.flatnonzero(crowded)[0])
            there = sorted(one.grid.labels[row] for row in rows if one.grid.present[row, step])
            side = "left" if swapped else "right"
            raise execution_error(
                f"found duplicate series for the match group {label_sets.show(key)} on the {side} "
                f"hand-side of the operation: [{label_sets.show(there[0])}, "
                f"{label_sets.show(there[1])}];many-to-many matching not allowed: "
                "matching labels must be unique on one side"
            )


def _refuse_many_to_one(rows: Integers, keys: Sequence[Labels], met: Booleans) -> None:
    by_key: dict[Labels, list[int]] = {}
    for index, key in enumerate(keys):
        by_key.setdefault(key, []).append(index)
    for indexes in by_key.values():
        if len(set(rows[indexes])) > 1 and (met[indexes].sum(axis=0) > 1).any():
            raise execution_error(
                "multiple matches for labels: many-to-one matching must be explicit "
                "(group_left/group_right)"
            )


def _refuse_ambiguous(result: Grid) -> None:
    by_labels: dict[Labels, list[int]] = {}
    for index, one in enumerate(result.labels):
        by_labels.setdefault(one, []).append(index)
    for indexes in by_labels.values():
        if len(indexes) > 1 and (result.present[indexes].sum(axis=0) > 1).any():
            raise execution_error(
                "multiple matches for labels: grouping labels must ensure unique matches"
            )


def _drops_name(operation: Binary) -> bool:
    return operation.operator in ARITHMETIC or operation.as_bool


def _nameless(operation: Binary, inherited: Booleans) -> Booleans:
    return inherited | _drops_name(operation)


def _result_labels(operation: Binary, many: Labels, one: Labels) -> Labels:
    matching = operation.matching
    kept = label_sets.without_name(many) if _drops_name(operation) else many
    if matching.cardinality is Cardinality.ONE_TO_ONE:
        cut = label_sets.keep if matching.on else label_sets.drop
        return cut(kept, matching.labels)
    copied = {name: label_sets.get(one, name) for name in matching.include}
    return label_sets.make({**dict(kept), **copied}) if copied else kept


def _with_fills(operation: Binary, result: Grid, many: _Side, one: _Side, *, swapped: bool) -> Grid:
    """Rows that meet nobody at a step meet the fill value instead."""
    matching = operation.matching
    fill_many, fill_one = (
        (matching.fill_right, matching.fill_left)
        if swapped
        else (matching.fill_left, matching.fill_right)
    )
    parts = [result]
    if fill_one is not None:
        parts.append(_filled(operation, many, one, fill_one, alone_left=not swapped))
    if fill_many is not None:
        parts.append(_filled(operation, one, many, fill_many, alone_left=swapped))
    return result if len(parts) == 1 else stacked(parts)


def _filled(operation: Binary, side: _Side, other: _Side, fill: float, *, alone_left: bool) -> Grid:
    alone = side.grid.present & ~_meets(side.keys, other)
    filling = np.full(alone.shape, fill)
    pair = (side.grid.values, filling) if alone_left else (filling, side.grid.values)
    values, stays = apply(operation.operator, *pair, as_bool=operation.as_bool)
    names = tuple(
        _result_labels(operation, one, key) if alone_left else _result_labels(operation, key, key)
        for one, key in zip(side.grid.labels, side.keys, strict=True)
    )
    nameless = _nameless(operation, side.grid.nameless)
    return Grid(names, np.array(values), alone & stays, nameless)


def stacked(parts: Sequence[Grid]) -> Grid:
    return Grid(
        tuple(one for part in parts for one in part.labels),
        np.concatenate([part.values for part in parts]),
        np.concatenate([part.present for part in parts]),
        np.concatenate([part.nameless for part in parts]),
    )


def _meets(keys: Sequence[Labels], other: _Side) -> Booleans:
    """[row, step]: does the other side have a row with that key then?"""
    steps = other.grid.present.shape[1]
    there = {key: other.grid.present[rows].any(axis=0) for key, rows in other.rows.items()}
    nobody = np.zeros(steps, dtype=np.bool_)
    return np.array([there.get(key, nobody) for key in keys], dtype=np.bool_).reshape(-1, steps)


def both(left: Grid, right: Grid, matching: Matching) -> Grid:
    """`and`"""
    key = signature(matching)
    met = _meets([key(one) for one in left.labels], _side(right, key))
    return replace(left, present=left.present & met).compact()


def unless(left: Grid, right: Grid, matching: Matching) -> Grid:
    key = signature(matching)
    met = _meets([key(one) for one in left.labels], _side(right, key))
    return replace(left, present=left.present & ~met).compact()


def either(left: Grid, right: Grid, matching: Matching) -> Grid:
    """`or`"""
    key = signature(matching)
    met = _meets([key(one) for one in right.labels], _side(left, key))
    added = replace(right, present=right.present & ~met).compact()
    return unite(stacked([left, added]))


def with_scalar(operation: Binary, vector: Grid, scalar: Floats, *, scalar_left: bool) -> Grid:
    """Every row against the scalar of its step; a filter keeps the vector's value."""
    pair = (scalar[None, :], vector.values) if scalar_left else (vector.values, scalar[None, :])
    values, stays = apply(operation.operator, *pair, as_bool=operation.as_bool)
    if not _drops_name(operation):
        values = vector.values
    return Grid(
        vector.labels,
        np.array(values),
        vector.present & stays,
        _nameless(operation, vector.nameless),
    ).compact()


def settled(grid: Grid, *, delayed: bool) -> Grid:
    return grid if delayed else settle(grid)
