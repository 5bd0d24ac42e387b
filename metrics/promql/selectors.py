"""Instant vectors from samples: which series match, and which sample each step sees."""

from collections.abc import Mapping, Sequence

import numpy as np

from metrics.promql import labels as label_sets
from metrics.promql import regex
from metrics.promql.ast import Matcher, MatchKind
from metrics.promql.labels import Labels
from metrics.promql.series import STALE_BITS, Batch, Booleans, Floats, Integers
from metrics.promql.windows import first_after


def accepted(matchers: Sequence[Matcher], candidates: Sequence[Labels]) -> Booleans:
    """Which label sets all matchers accept. A missing label is the empty text."""
    chosen = np.ones(len(candidates), dtype=np.bool_)
    for matcher in matchers:
        values = [label_sets.get(one, matcher.name) for one in candidates]
        distinct = sorted(set(values))
        verdicts: Mapping[str, bool] = dict(
            zip(distinct, _accepts(matcher, distinct).tolist(), strict=True)
        )
        chosen &= np.fromiter((verdicts[value] for value in values), np.bool_, len(values))
    return chosen


def _accepts(matcher: Matcher, values: Sequence[str]) -> Booleans:
    if matcher.kind in {MatchKind.EQUAL, MatchKind.NOT_EQUAL}:
        same = np.fromiter((value == matcher.value for value in values), np.bool_, len(values))
    else:
        same = regex.matches(matcher.value, values)
    positive = matcher.kind in {MatchKind.EQUAL, MatchKind.REGEX}
    return same if positive else ~same


def sampled(batch: Batch, moments: Integers, lookback_ms: int) -> tuple[Floats, Booleans, Integers]:
    """[series, step]: the latest value in (moment - lookback, moment], where there is one that is
    not stale, and its time."""
    shape = (len(batch.labels), len(moments))
    if len(batch.times) == 0:
        return np.full(shape, np.nan), np.zeros(shape, np.bool_), np.zeros(shape, np.int64)
    high = first_after(batch, moments)
    last = np.maximum(high - 1, 0)
    times, values = batch.times[last], batch.values[last]
    present = (high > batch.starts[:-1, None]) & (times > moments - lookback_ms)
    present &= values.view(np.int64) != STALE_BITS
    return values, present, times


def absent_labels(matchers: Sequence[Matcher]) -> Labels:
    """What `absent()` can say about a series nobody has: labels that one equality fixes."""
    fixed: dict[str, str] = {}
    unclear: set[str] = set()
    for matcher in matchers:
        if matcher.name == label_sets.NAME:
            continue
        if matcher.kind is MatchKind.EQUAL and matcher.name not in fixed:
            fixed[matcher.name] = matcher.value
        else:
            unclear.add(matcher.name)
    return label_sets.make({k: v for k, v in fixed.items() if k not in unclear})
