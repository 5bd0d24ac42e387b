"""The headers that make the hops of one page view one trace: taken in, handed on unchanged."""

from collections.abc import Mapping
from contextvars import ContextVar

PROPAGATED = (
    "traceparent",
    "tracestate",
    "baggage",
    "x-request-id",
    "b3",
    "x-b3-traceid",
    "x-b3-spanid",
    "x-b3-parentspanid",
    "x-b3-sampled",
    "x-b3-flags",
)

_current: ContextVar[Mapping[str, str]] = ContextVar("trace_context", default={})  # noqa: B039  never changed in place


def enter(headers: Mapping[str, str]) -> None:
    """Remember the trace of the request that this task serves."""
    _current.set({name: headers[name] for name in PROPAGATED if name in headers})


def outgoing() -> Mapping[str, str]:
    """Headers for calls made on behalf of the request that this task serves."""
    return _current.get()
