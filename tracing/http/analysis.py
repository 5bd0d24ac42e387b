"""REST of what many traces have in common: costs of operations, slow against fast, dependencies."""

from dataclasses import replace
from typing import Annotated

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from rest.paging import Page
from rest.shapes import ERRORS
from tracing import selectors
from tracing.analysis.comparison import ComparedAttribute, ComparedOperation, compare_groups
from tracing.analysis.statistics import OperationStatistics, quantile, statistics
from tracing.asking import asked
from tracing.attributes import Suggest, keys, values
from tracing.contracts import Trace
from tracing.dependencies import Dependency, dependencies
from tracing.http.period import LOOKBACK, period
from tracing.http.search import Name, SpanSearch, query_of

router = Router()

MOST_TRACES = 500
"""So many traces are read for one answer, the newest that match."""
Lookback = Annotated[str, Field("1h", pattern=LOOKBACK)]


class StatisticsOut(Schema):
    """`self_share` is the operation's part of all self time, 0 to 1."""

    service: str
    operation: str
    spans: int
    errors: int
    traces: int
    total_ms: float
    self_ms: float
    self_share: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float


class GroupSearch(SpanSearch):
    """Traces from `slow_ms` on are slow; 0 takes the slowest tenth of what is found."""

    slow_ms: float = Field(0, ge=0, le=86_400_000)


class ComparedOperationOut(Schema):
    """Mean self time per trace; shares and ratios from 0 to 1."""

    service: str
    operation: str
    fast_ms: float
    slow_ms: float
    added_ms: float
    fast_share: float
    slow_share: float
    fast_error_ratio: float
    slow_error_ratio: float


class ComparedAttributeOut(Schema):
    """The share of each group's traces that have this value somewhere."""

    key: str
    value: str
    fast_share: float
    slow_share: float


class GroupsOut(Schema):
    """`slow_ms`: from this duration on traces were taken as slow. Most added time first."""

    slow_ms: float
    fast: int
    slow: int
    operations: list[ComparedOperationOut]
    attributes: list[ComparedAttributeOut]


class DependencySearch(Schema):
    lookback: Lookback = "1h"
    end: float = Field(0, ge=0, le=4e9)
    own: bool = Field(False, description="Meshweb's own processes, too")


class DependencyOut(Schema):
    """Durations are those of the called one's spans."""

    parent: str
    child: str
    calls: int
    errors: int
    p50_ms: float
    p95_ms: float
    p99_ms: float


class SuggestionSearch(DependencySearch):
    service: Name = ""
    prefix: str = Field("", max_length=256)
    limit: int = Field(50, ge=1, le=500)


class ValueSearch(SuggestionSearch):
    key: str = Field(..., min_length=1, max_length=256)


class SuggestionOut(Schema):
    """`spans` have it, of the newest that were looked at."""

    text: str
    spans: int


@router.get("/traces/statistics", response={200: Page[StatisticsOut], **ERRORS})
def operation_statistics(request: HttpRequest, search: Query[SpanSearch]) -> Page[StatisticsOut]:  # noqa: ARG001
    """What the operations of the traces found cost, most self time first."""
    return Page(items=[_statistics(one) for one in statistics(_found(search))])


@router.get("/traces/groups", response={200: GroupsOut, **ERRORS})
def slow_against_fast(request: HttpRequest, search: Query[GroupSearch]) -> GroupsOut:  # noqa: ARG001
    """What slow traces do that fast ones do not."""
    found = _found(search)
    slow_ns = round(search.slow_ms * 1e6) or _slowest_tenth(found)
    compared = compare_groups(
        [trace for trace in found if trace.duration_ns < slow_ns],
        [trace for trace in found if trace.duration_ns >= slow_ns],
    )
    return GroupsOut(
        slow_ms=slow_ns / 1e6,
        fast=compared.fast,
        slow=compared.slow,
        operations=[_operation(one) for one in compared.operations],
        attributes=[_attribute(one) for one in compared.attributes],
    )


@router.get("/traces/dependencies", response={200: Page[DependencyOut], **ERRORS})
def service_dependencies(
    request: HttpRequest,  # noqa: ARG001
    search: Query[DependencySearch],
) -> Page[DependencyOut]:
    """Which service called which, how often, and how that went."""
    start_ns, end_ns = period(search.lookback, search.end)
    found = asked(
        lambda store: dependencies(store, start_ns=start_ns, end_ns=end_ns, own=search.own)
    )
    return Page(items=[_dependency(one) for one in found])


@router.get("/traces/attributes", response={200: Page[SuggestionOut], **ERRORS})
def attribute_keys(request: HttpRequest, search: Query[SuggestionSearch]) -> Page[SuggestionOut]:  # noqa: ARG001
    """Keys that spans have, most common first."""
    found = asked(lambda store: keys(store, _suggest(search)))
    return Page(items=[SuggestionOut(text=text, spans=spans) for text, spans in found])


@router.get("/traces/attributes/values", response={200: Page[SuggestionOut], **ERRORS})
def attribute_values(request: HttpRequest, search: Query[ValueSearch]) -> Page[SuggestionOut]:  # noqa: ARG001
    """Values that spans have of one key, most common first."""
    found = asked(lambda store: values(store, search.key, _suggest(search)))
    return Page(items=[SuggestionOut(text=text, spans=spans) for text, spans in found])


def _found(search: SpanSearch) -> tuple[Trace, ...]:
    query = query_of(search)
    return asked(
        lambda store: selectors.traces(store, replace(query, limit=min(query.limit, MOST_TRACES)))
    )


def _slowest_tenth(found: tuple[Trace, ...]) -> int:
    durations = sorted(trace.duration_ns for trace in found)
    return max(quantile(durations, 0.9), durations[0] + 1) if durations else 1


def _suggest(search: SuggestionSearch) -> Suggest:
    start_ns, end_ns = period(search.lookback, search.end)
    return Suggest(
        start_ns=start_ns,
        end_ns=end_ns,
        service=search.service,
        prefix=search.prefix,
        limit=search.limit,
    )


def _statistics(one: OperationStatistics) -> StatisticsOut:
    return StatisticsOut(
        service=one.service,
        operation=one.operation,
        spans=one.spans,
        errors=one.errors,
        traces=one.traces,
        total_ms=one.total_ns / 1e6,
        self_ms=one.self_ns / 1e6,
        self_share=one.self_share,
        p50_ms=one.p50_ns / 1e6,
        p95_ms=one.p95_ns / 1e6,
        p99_ms=one.p99_ns / 1e6,
        max_ms=one.max_ns / 1e6,
    )


def _operation(one: ComparedOperation) -> ComparedOperationOut:
    return ComparedOperationOut(
        service=one.service,
        operation=one.operation,
        fast_ms=one.fast_ns / 1e6,
        slow_ms=one.slow_ns / 1e6,
        added_ms=one.added_ns / 1e6,
        fast_share=one.fast_share,
        slow_share=one.slow_share,
        fast_error_ratio=one.fast_error_ratio,
        slow_error_ratio=one.slow_error_ratio,
    )


def _attribute(one: ComparedAttribute) -> ComparedAttributeOut:
    return ComparedAttributeOut(
        key=one.key, value=one.value, fast_share=one.fast_share, slow_share=one.slow_share
    )


def _dependency(one: Dependency) -> DependencyOut:
    return DependencyOut(
        parent=one.parent,
        child=one.child,
        calls=one.calls,
        errors=one.errors,
        p50_ms=one.p50_ns / 1e6,
        p95_ms=one.p95_ns / 1e6,
        p99_ms=one.p99_ns / 1e6,
    )
