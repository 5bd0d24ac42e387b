"""What a proxy tells: the mesh's word, its namespace's over it, its own over both."""

from routing.ir import ProxyTelemetry
from routing.model.telemetry import Telemetry
from topology.contracts import Labels, selects

DEFAULT = ProxyTelemetry()


def telemetry_of(
    every: tuple[Telemetry, ...], namespace: str, labels: Labels, root_namespace: str
) -> ProxyTelemetry:
    """`every` is oldest first; of two of the same width the older decides."""
    root = [t for t in every if t.metadata.key.namespace == root_namespace and not t.selector]
    own = [t for t in every if t.metadata.key.namespace == namespace]
    chosen = (
        *[t for t in own if selects(t.selector, labels)][:1],
        *[t for t in own if not t.selector][:1],
        *root[:1],
    )
    percents = [t.sampling_percent for t in chosen if t.sampling_percent is not None]
    return ProxyTelemetry(
        sampling_percent=percents[0] if percents else None,
        spans=next((t.spans for t in chosen if t.spans is not None), True),
        client=next((t.client for t in chosen if t.client is not None), DEFAULT.client),
        server=next((t.server for t in chosen if t.server is not None), DEFAULT.server),
    )
