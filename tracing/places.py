"""Where the spans of traces lie, so that nothing else is read: the store's table of traces says it."""

OF_TRACES = "TraceId IN {ids:Array(String)}"
KEPT_SPANS = 10_000
"""Of one row of the table; a row with as many may lack some."""
_MOST_PLACES = 20_000

LAIN = (
    "WITH (SELECT tuple(min(Start), max(End),"  # noqa: S608  constants
    f" groupUniqArrayArray({_MOST_PLACES})(arrayMap(s -> (s.1, s.2, s.3), Spans)),"
    f" max(length(Spans) >= {KEPT_SPANS} OR has(Spans, ('', '', toDateTime(0, 'UTC'), 0))))"
    f" FROM {{database}}.trace_times WHERE {OF_TRACES}) AS lain "
)
"""Before the SELECT of a statement with the parameter `ids`."""
THERE = (
    f"{OF_TRACES} AND Timestamp >= lain.1 AND Timestamp <= lain.2"
    f" AND (lain.4 OR length(lain.3) >= {_MOST_PLACES}"
    " OR (ServiceName, SpanName, toDateTime(Timestamp)) IN lain.3)"
)
"""And its condition. The store works `lain` out first: the places are constants when it looks for granules."""
