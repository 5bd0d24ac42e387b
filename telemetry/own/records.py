"""Our own log lines as OTLP records, with the trace they belong to."""

import logging
import time
import traceback

from opentelemetry import trace
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from telemetry.own.measures import DROPPED
from telemetry.own.otlp import pairs
from telemetry.own.outbox import Outbox, Signal
from telemetry.own.redaction import Redaction

MOST_A_SECOND = 100
"""A process that logs in a loop fills its own console, not the store."""
LONGEST = 8192
_SEVERITIES = ((50, 21), (40, 17), (30, 13), (20, 9), (10, 5))
"""Python's levels and OTLP's numbers: FATAL, ERROR, WARN, INFO, DEBUG."""
_NOT_OURS_TO_TELL = ("telemetry.own", "opentelemetry")
"""How the sending goes is not sent: that would never end."""
_ROUNDS = ("celery.beat", "celery.app.trace", "celery.worker.strategy")
"""They say each second that nothing is wrong."""


class OwnRecords(logging.Handler):
    """Hands every line to the outboxes; more than MOST_A_SECOND are lost, and counted."""

    def __init__(self, outboxes: tuple[Outbox, ...], redact: Redaction) -> None:
        super().__init__()
        self._outboxes = outboxes
        self._redact = redact
        self._second = 0
        self._seen = 0

    def emit(self, record: logging.LogRecord) -> None:
        quiet = record.levelno < logging.WARNING and record.name.startswith(_ROUNDS)
        if quiet or record.name.startswith(_NOT_OURS_TO_TELL):
            return
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._seen = second, 0
        self._seen += 1
        if self._seen > MOST_A_SECOND:
            DROPPED.labels(Signal.LOGS, "too many").inc()
            return
        try:
            made = otlp_record(record, self._redact)
        except Exception:  # a line whose arguments do not fit it
            self.handleError(record)
            return
        for one in self._outboxes:
            one.record(made)


def otlp_record(record: logging.LogRecord, redact: Redaction) -> LogRecord:
    """Structured: who logged, from which function, what was raised."""
    attributes = {
        "logger": record.name,
        "code.function.name": record.funcName or "",
        "thread.name": record.threadName or "",
    }
    if record.exc_info and record.exc_info[0] is not None:
        kind, error, _ = record.exc_info
        text = "".join(traceback.format_exception(error))
        attributes |= {
            "exception.type": kind.__name__,
            "exception.message": redact(str(error))[:LONGEST],
            "exception.stacktrace": redact(text)[-LONGEST:],
        }
    made = LogRecord(
        time_unix_nano=int(record.created * 1e9),
        observed_time_unix_nano=time.time_ns(),
        severity_number=next((n for level, n in _SEVERITIES if record.levelno >= level), 1),  # type: ignore[arg-type]  # an enum's number
        severity_text=record.levelname,
        body=AnyValue(string_value=redact(record.getMessage())[:LONGEST]),
        attributes=pairs({key: value for key, value in attributes.items() if value}),
    )
    found = trace.get_current_span().get_span_context()
    if found.is_valid:
        made.trace_id = found.trace_id.to_bytes(16, "big")
        made.span_id = found.span_id.to_bytes(8, "big")
        made.flags = int(found.trace_flags)
    return made
