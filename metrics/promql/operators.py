"""Arithmetic and comparison on arrays, with Go's corner cases."""

from collections.abc import Callable, Mapping

import numpy as np

from metrics.promql.series import Booleans, Floats

ARITHMETIC: Mapping[str, Callable[[Floats, Floats], Floats]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "%": np.fmod,
    "^": np.power,
    "atan2": np.arctan2,
}
COMPARISON: Mapping[str, Callable[[Floats, Floats], Booleans]] = {
    "==": np.equal,
    "!=": np.not_equal,
    "<": np.less,
    ">": np.greater,
    "<=": np.less_equal,
    ">=": np.greater_equal,
}


def apply(operator: str, left: Floats, right: Floats, *, as_bool: bool) -> tuple[Floats, Booleans]:
    """(values, which of them stay): a comparison without bool filters and keeps the left value."""
    arithmetic = ARITHMETIC.get(operator)
    if arithmetic is not None:
        values = arithmetic(left, right)
        return values, np.ones(values.shape, dtype=np.bool_)
    holds = COMPARISON[operator](left, right)
    if as_bool:
        return holds.astype(np.float64), np.ones(holds.shape, dtype=np.bool_)
    return np.broadcast_to(left, holds.shape), holds
