"""What statements at the store cost: a number always, a span within a trace."""

import contextlib
import time
from collections.abc import Iterator

from opentelemetry.trace import SpanKind, Status, StatusCode

from telemetry.own.measures import STORE
from telemetry.own.tracing import tracer

LONGEST = 1000
"""Of a statement in a span. Values travel apart from it, as parameters."""


@contextlib.contextmanager
def asked_of_store(statement: str | bytes) -> Iterator[None]:
    """While one statement is being answered. What is raised passes."""
    text = statement[:LONGEST] if isinstance(statement, str) else statement[:LONGEST].decode(errors="replace")  # fmt: skip
    kind, outcome = _kind(text), "ok"
    began = time.perf_counter()
    with tracer.start_as_current_span(
        f"store {kind}",
        kind=SpanKind.CLIENT,
        attributes={"db.system.name": "clickhouse", "db.query.text": text},
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        try:
            yield
        except Exception as error:
            outcome = _OUTCOMES.get(type(error).__name__, "refused")
            span.set_status(Status(StatusCode.ERROR, f"{type(error).__name__}: {error}"[:LONGEST]))
            raise
        finally:
            STORE.labels(kind, outcome).observe(time.perf_counter() - began)


_OUTCOMES = {"StoreAway": "away", "StoreError": "refused", "Abandoned": "abandoned"}


def _kind(text: str) -> str:
    word = text.lstrip()[:8].upper()
    if word.startswith("INSERT"):
        return "insert"
    return "read" if word.startswith(("SELECT", "WITH")) else "schema"
