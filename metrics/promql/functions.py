"""Every function of the language by name."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from metrics.promql import (
    annotations,
    ast,
    clock,
    histogram,
    label_functions,
    over_time,
    rates,
    regression,
)
from metrics.promql import labels as label_sets
from metrics.promql.errors import execution_error
from metrics.promql.evaluate import Evaluation, Handler, as_grid
from metrics.promql.labels import NAME
from metrics.promql.matching import stacked
from metrics.promql.names import unite
from metrics.promql.rates import Result
from metrics.promql.selectors import absent_labels
from metrics.promql.series import Booleans, Floats, Grid, Scalar, Span, Steps, Value
from metrics.promql.windows import Windows, applied


def _elementwise(function: Callable[[Floats], Floats]) -> Handler:
    def handler(run: Evaluation, call: ast.Call, steps: Steps) -> Value:
        grid = run.grid(call.arguments[0], steps)
        return run.nameless(replace(grid, values=function(grid.values)))

    return handler


def _date(function: Callable[[Floats], Floats]) -> Handler:
    """Without an argument: of the evaluation time."""
    of_values = _elementwise(function)

    def handler(run: Evaluation, call: ast.Call, steps: Steps) -> Value:
        if call.arguments:
            return of_values(run, call, steps)
        return as_grid(Scalar(function(steps.times / 1000)))

    return handler


def _over_windows(function: Callable[[Windows], Result], *, keeps_name: bool = False) -> Handler:
    def handler(run: Evaluation, call: ast.Call, steps: Steps) -> Value:
        found = run.windows(call.arguments[-1], steps)
        return _from_windows(run, found, applied(function, found), keeps_name=keeps_name)

    return handler


def _from_windows(
    run: Evaluation, found: Windows, result: Result, *, keeps_name: bool = False
) -> Grid:
    grid = Grid(found.labels, *result, found.nameless).compact()
    if not keeps_name:
        return run.nameless(grid)
    return unite(grid)


def _counter(function: Callable[[Windows], Result]) -> Handler:
    """Says so when a series that is no counter by its name gives a result."""

    def handler(run: Evaluation, call: ast.Call, steps: Steps) -> Value:
        found = run.windows(call.arguments[0], steps)
        grid = Grid(found.labels, *applied(function, found), found.nameless).compact()
        for one in grid.labels:
            run.inform_of_counter(label_sets.get(one, NAME), call.arguments[0].position)
        return run.nameless(grid)

    return handler


def _quantile_over_time(run: Evaluation, call: ast.Call, steps: Steps) -> Value:
    q = run.numbers(call.arguments[0], steps)
    run.check_quantile(q, call.arguments[0])
    found = run.windows(call.arguments[1], steps)
    return _from_windows(run, found, over_time.quantile_over_time(found, q))


def _predict_linear(run: Evaluation, call: ast.Call, steps: Steps) -> Value:
    found = run.windows(call.arguments[0], steps)
    ahead = run.numbers(call.arguments[1], steps)
    return _from_windows(run, found, regression.predict_linear(found, ahead))


def _double_exponential_smoothing(run: Evaluation, call: ast.Call, steps: Steps) -> Value:
    found = run.windows(call.arguments[0], steps)
    level = run.numbers(call.arguments[1], steps)
    trend = run.numbers(call.arguments[2], steps)
    for what, short, factor in (("smoothing", "sf", level), ("trend", "tf", trend)):
        wrong = factor[~((factor > 0) & (factor < 1))]
        if len(wrong):
            raise execution_error(
                f"invalid {what} factor. Expected: 0 < {short} < 1, got: {wrong[0]:f}"
            )
    return _from_windows(run, found, regression.smoothed(found, level, trend))


def _absent(run: Evaluation, call: ast.Call, steps: Steps) -> Value:
    inner = ast.unwrap(call.arguments[0])
    grid = run.grid(inner, steps)
    return _absence(inner, np.asarray(~grid.present.any(axis=0)))


def _absent_over_time(run: Evaluation, call: ast.Call, steps: Steps) -> Value:
    inner = ast.unwrap(call.arguments[0])
    found = run.windows(inner, steps)
    selector = inner.selector if isinstance(inner, ast.Range) else inner
    return _absence(selector, np.asarray(~(found.counts > 0).any(axis=0)))


def _absence(node: ast.Expression, missing: Booleans) -> Grid:
    labels = absent_labels(node.matchers) if isinstance(node, ast.Selector) else ()
    return Grid(
        (labels,), np.ones((1, len(missing))), missing[None, :], np.zeros(1, np.bool_)
    ).compact()


def _timestamp(run: Evaluation, call: ast.Call, steps: Steps) -> Value:
    """Of the sample itself where a selector is given, else the evaluation time."""
    inner = ast.unwrap(call.arguments[0])
    if isinstance(inner, ast.Selector):
        grid, sampled_at = run.sampled(inner, steps)
        return run.nameless(replace(grid, values=sampled_at / 1000).compact())
    grid = run.grid(inner, steps)
    times = np.broadcast_to(steps.times / 1000, grid.values.shape)
    return run.nameless(replace(grid, values=times))


def _time(_run: Evaluation, _call: ast.Call, steps: Steps) -> Value:
    return Scalar(steps.times / 1000)


def _vector(run: Evaluation, call: ast.Call, steps: Steps) -> Value:
    return as_grid(Scalar(run.numbers(call.arguments[0], steps)))


def _scalar(run: Evaluation, call: ast.Call, steps: Steps) -> Value:
    """NaN unless exactly one series has a value."""
    grid = run.grid(call.arguments[0], steps)
    alone = grid.present.sum(axis=0) == 1
    total = np.where(grid.present, grid.values, 0).sum(axis=0)
    return Scalar(np.where(alone, total, np.nan))


def _constant(read: Callable[[Span], float]) -> Handler:
    """Something about the query as a whole."""
    return lambda run, _call, steps: Scalar(np.full(steps.count, read(run.whole)))


def _of_two(function: Callable[[Floats, Floats], Floats]) -> Handler:
    def handler(run: Evaluation, call: ast.Call, steps: Steps) -> Value:
        one, other = (run.numbers(argument, steps) for argument in call.arguments)
        return Scalar(function(one, other))

    return handler


def _clamped(run: Evaluation, call: ast.Call, steps: Steps, bounds: tuple[Floats, Floats]) -> Value:
    low, high = bounds
    grid = run.grid(call.arguments[0], steps)
    values = np.maximum(low, np.minimum(high, grid.values))
    return run.nameless(
        replace(grid, values=values, present=grid.present & ~(low > high)).compact()
    )


def _clamp(run: Evaluation, call: ast.Call, steps: Steps) -> Value:
    bounds = run.numbers(call.arguments[1], steps), run.numbers(call.arguments[2], steps)
    return _clamped(run, call, steps, bounds)


def _clamp_min(run: Evaluation, call: ast.Call, steps: Steps) -> Value:
    low = run.numbers(call.arguments[1], steps)
    grid = run.grid(call.arguments[0], steps)
    return run.nameless(replace(grid, values=np.maximum(low, grid.values)))


def _clamp_max(run: Evaluation, call: ast.Call, steps: Steps) -> Value:
    high = run.numbers(call.arguments[1], steps)
    grid = run.grid(call.arguments[0], steps)
    return run.nameless(replace(grid, values=np.minimum(high, grid.values)))


def _round(run: Evaluation, call: ast.Call, steps: Steps) -> Value:
    """Half up, to a multiple of the second argument."""
    grid = run.grid(call.arguments[0], steps)
    to = run.numbers(call.arguments[1], steps) if len(call.arguments) > 1 else np.ones(steps.count)
    inverse = 1 / to
    return run.nameless(replace(grid, values=np.floor(grid.values * inverse + 0.5) / inverse))


def _label_replace(run: Evaluation, call: ast.Call, steps: Steps) -> Value:
    grid = run.grid(call.arguments[0], steps)
    target, template, source, pattern = (run.text(argument) for argument in call.arguments[1:])
    return label_functions.replaced(grid, target, template, source, pattern)


def _label_join(run: Evaluation, call: ast.Call, steps: Steps) -> Value:
    grid = run.grid(call.arguments[0], steps)
    target, separator, *sources = (run.text(argument) for argument in call.arguments[1:])
    return label_functions.joined(grid, target, separator, sources)


def _sort(*, descending: bool) -> Handler:
    """Only an instant query has an order."""

    def handler(run: Evaluation, call: ast.Call, steps: Steps) -> Value:
        grid = run.grid(call.arguments[0], steps)
        return label_functions.by_value(grid, descending=descending) if steps.count == 1 else grid

    return handler


def _sort_by_label(*, descending: bool) -> Handler:
    def handler(run: Evaluation, call: ast.Call, steps: Steps) -> Value:
        grid = run.grid(call.arguments[0], steps)
        wanted = [run.text(argument) for argument in call.arguments[1:]]
        return label_functions.by_label(grid, wanted, descending=descending)

    return handler


def _measured(
    run: Evaluation, node: ast.Expression, grid: Grid, measure: histogram.Measure
) -> Grid:
    gathered = histogram.grouped(grid)
    for value, metric in gathered.malformed:
        run.notes.warn(annotations.bad_bucket(value, metric), node.position)
    parts = [Grid.empty(grid.values.shape[1])]
    for one in gathered.found:
        values, present, forced = histogram.measured(one, measure)
        for row in np.flatnonzero(forced.any(axis=1)):
            metric = label_sets.get(one.labels[row], NAME)
            run.notes.inform(annotations.forced_monotonicity(metric), node.position)
        parts.append(Grid(one.labels, values, present, one.nameless))
    return run.nameless(stacked(parts).compact())


def _histogram_quantile(run: Evaluation, call: ast.Call, steps: Steps) -> Value:
    q = run.numbers(call.arguments[0], steps)
    run.check_quantile(q, call.arguments[0])
    grid = run.grid(call.arguments[1], steps)
    return _measured(run, call.arguments[1], grid, histogram.quantile(q))


def _histogram_quantiles(run: Evaluation, call: ast.Call, steps: Steps) -> Value:
    """One row per quantile, told apart by the named label."""
    vector, label, *wanted = call.arguments
    name = run.text(label)
    if not label_sets.is_label_name(name):
        raise execution_error(f"invalid label name {label_sets.quoted(name)}")
    grid = run.grid(vector, steps)
    parts = [Grid.empty(steps.count)]
    for argument in wanted:
        q = run.numbers(argument, steps)
        run.check_quantile(q, argument)
        rows = _measured(run, vector, grid, histogram.quantile(q))
        for text in dict.fromkeys(_quantile_label(value) for value in q):
            at = np.array([_quantile_label(value) == text for value in q])
            labels = tuple(label_sets.replace(one, name, text) for one in rows.labels)
            parts.append(replace(rows, labels=labels, present=rows.present & at))
    return unite(stacked(parts).compact())


def _quantile_label(value: float) -> str:
    """OpenMetrics: a whole number keeps its `.0`."""
    text = annotations.go_number(float(value))
    return f"{text}.0" if text.lstrip("-").isdecimal() else text


def _histogram_fraction(run: Evaluation, call: ast.Call, steps: Steps) -> Value:
    lower = run.numbers(call.arguments[0], steps)
    upper = run.numbers(call.arguments[1], steps)
    grid = run.grid(call.arguments[2], steps)
    measure = histogram.fraction(lower, upper)
    return _measured(run, call.arguments[2], grid, measure)


def _native_only(run: Evaluation, call: ast.Call, steps: Steps) -> Value:
    """There are no native histograms here, and these functions ignore plain numbers."""
    run.grid(call.arguments[0], steps)
    return Grid.empty(steps.count)


_MATH: Mapping[str, Callable[[Floats], Floats]] = {
    "abs": np.abs, "ceil": np.ceil, "floor": np.floor, "exp": np.exp, "sqrt": np.sqrt,
    "ln": np.log, "log2": np.log2, "log10": np.log10, "sgn": np.sign,
    "sin": np.sin, "cos": np.cos, "tan": np.tan, "asin": np.arcsin, "acos": np.arccos,
    "atan": np.arctan, "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh,
    "asinh": np.arcsinh, "acosh": np.arccosh, "atanh": np.arctanh,
    "rad": np.radians, "deg": np.degrees,
}  # fmt: skip

FUNCTIONS: Mapping[str, Handler] = {
    **{name: _elementwise(function) for name, function in _MATH.items()},
    **{name: _date(function) for name, function in clock.FUNCTIONS.items()},
    **{
        name: _over_windows(function, keeps_name=name in over_time.KEEPS_NAME)
        for name, function in over_time.PLAIN.items()
    },
    "rate": _counter(rates.rate),
    "increase": _counter(rates.increase),
    "delta": _over_windows(rates.delta),
    "irate": _over_windows(rates.irate),
    "idelta": _over_windows(rates.idelta),
    "changes": _over_windows(rates.changes),
    "resets": _over_windows(rates.resets),
    "deriv": _over_windows(regression.deriv),
    "predict_linear": _predict_linear,
    "double_exponential_smoothing": _double_exponential_smoothing,
    "quantile_over_time": _quantile_over_time,
    "absent": _absent,
    "absent_over_time": _absent_over_time,
    "timestamp": _timestamp,
    "time": _time,
    "vector": _vector,
    "scalar": _scalar,
    "pi": _constant(lambda _whole: np.pi),
    "start": _constant(lambda whole: whole.start / 1000),
    "end": _constant(lambda whole: whole.end / 1000),
    "range": _constant(lambda whole: (whole.end - whole.start) / 1000),
    "step": _constant(lambda whole: whole.step / 1000),
    "min_of": _of_two(np.minimum),
    "max_of": _of_two(np.maximum),
    "clamp": _clamp,
    "clamp_min": _clamp_min,
    "clamp_max": _clamp_max,
    "round": _round,
    "label_replace": _label_replace,
    "label_join": _label_join,
    "sort": _sort(descending=False),
    "sort_desc": _sort(descending=True),
    "sort_by_label": _sort_by_label(descending=False),
    "sort_by_label_desc": _sort_by_label(descending=True),
    "histogram_quantile": _histogram_quantile,
    "histogram_quantiles": _histogram_quantiles,
    "histogram_fraction": _histogram_fraction,
    "histogram_count": _native_only,
    "histogram_sum": _native_only,
    "histogram_avg": _native_only,
    "histogram_stddev": _native_only,
    "histogram_stdvar": _native_only,
}
"""`info()` is left out: it guesses labels from a naming scheme."""
