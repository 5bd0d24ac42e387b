"""What a proxy tells: the mesh's word, its namespace's over it, its own over both."""

from collections.abc import Iterable

from routing.compile.authorization import Place, targeted
from routing.ir import MetricChange, ProxyTelemetry, Tracing
from routing.model.telemetry import MetricWish, Telemetry, TracingWish
from routing.parse.telemetry import METRICS
from topology.contracts import Labels, selects

DEFAULT = ProxyTelemetry()


def telemetry_of(
    every: tuple[Telemetry, ...], namespace: str, labels: Labels, place: Place
) -> ProxyTelemetry:
    """`every` is oldest first; of two of the same width the older decides."""
    whole = [t for t in every if not t.selector and t.targets is None]
    root = [t for t in whole if t.metadata.key.namespace == place.root_namespace]
    chosen = dict.fromkeys(
        (
            *[t for t in every if picks(t, namespace, labels, place)][:1],
            *[t for t in whole if t.metadata.key.namespace == namespace][:1],
            *root[:1],
        )
    )
    widest_first = tuple(reversed(chosen))
    return ProxyTelemetry(
        client=next((t.client for t in chosen if t.client is not None), DEFAULT.client),
        server=next((t.server for t in chosen if t.server is not None), DEFAULT.server),
        client_tracing=tracing([t.client_tracing for t in chosen]),
        server_tracing=tracing([t.server_tracing for t in chosen]),
        client_metrics=metrics(wish for t in widest_first for wish in t.client_metrics),
        server_metrics=metrics(wish for t in widest_first for wish in t.server_metrics),
    )


def picks(one: Telemetry, namespace: str, labels: Labels, place: Place) -> bool:
    """Whether it is for this workload by its labels, or as the proxy of a Gateway."""
    where = one.metadata.key.namespace
    if one.targets is not None:
        return targeted(where, one.targets, namespace, labels, place.gateways)
    return where == namespace and selects(one.selector, labels)


def tracing(wishes: list[TracingWish]) -> Tracing:
    """Narrowest first."""
    tags = next((w.tags for w in wishes if w.tags is not None), ())
    return Tracing(
        percent=next((w.percent for w in wishes if w.percent is not None), None),
        spans=next((w.spans for w in wishes if w.spans is not None), True),
        tags=tags,
        by_request_id=next((w.by_request_id for w in wishes if w.by_request_id is not None), None),
        istio_tags=next((w.istio_tags for w in wishes if w.istio_tags is not None), False),
    )


def metrics(wishes: Iterable[MetricWish]) -> tuple[MetricChange, ...]:
    """Widest first: what is said later stands over what was said before, for each metric and tag."""
    disabled: dict[str, bool] = {}
    tags: dict[str, dict[str, str | None]] = {}
    for wish in wishes:
        for metric in (wish.metric,) if wish.metric else METRICS.values():
            if wish.disabled is not None:
                disabled[metric] = wish.disabled
            tags.setdefault(metric, {}).update(wish.tags)
    made = (
        MetricChange(
            metric=metric,
            disabled=disabled.get(metric, False),
            tags=tuple(sorted(tags.get(metric, {}).items())),
        )
        for metric in METRICS.values()
    )
    return tuple(change for change in made if change.disabled or change.tags)
