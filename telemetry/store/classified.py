"""Requests of edges by a label of their own, such as the operation that Istio's classification tells."""

from collections import defaultdict

from telemetry.contracts import EdgeCount, EdgeKey
from telemetry.ingest.istio import Counted, edge_key
from telemetry.store.client import Store
from telemetry.store.edges_of_samples import GROWN, LOOKBACK_SECONDS
from telemetry.totals import EdgeTotals

_REQUESTS = "istio_requests_total"
_HAS_LABEL = "labels[{label:String}] NOT IN ('', 'unknown')"
_ANY = f"SELECT 1 FROM {{database}}.series WHERE name = {{name:String}} AND {_HAS_LABEL} LIMIT 1"  # noqa: S608  constants


def requests_by(
    store: Store, start: float, end: float, label: str
) -> tuple[tuple[str, EdgeTotals], ...]:
    """What was counted in (start, end] (Unix seconds) of series that have the label, by its value."""
    if not store.query(_ANY, name=_REQUESTS, label=label):
        return ()
    rows = store.query(
        GROWN.replace("{which}", _HAS_LABEL),
        start=start,
        end=end,
        lookback=LOOKBACK_SECONDS,
        names=[_REQUESTS],
        label=label,
    )
    found: defaultdict[str, list[tuple[EdgeKey, EdgeCount]]] = defaultdict(list)
    for labels, (_, increases) in rows:
        key = edge_key(Counted.REQUESTS, labels)
        if key is not None:
            found[labels[label]].append((key, EdgeCount(requests=round(sum(increases)))))
    return tuple((value, EdgeTotals.of(told)) for value, told in sorted(found.items()))
