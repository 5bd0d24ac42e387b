"""A log line is a record with its place, its trace and what was raised; never a secret."""

import logging

import pytest
from opentelemetry.sdk.trace import TracerProvider

from telemetry.own.outbox import Outbox
from telemetry.own.records import MOST_A_SECOND, OwnRecords, otlp_record
from telemetry.own.redaction import Redaction
from tests.telemetry.own.test_outbox import Door


def a_line(
    message: str, *arguments: object, error: BaseException | None = None
) -> logging.LogRecord:
    raised = (type(error), error, None) if error is not None else None
    return logging.LogRecord("proxy.fleet", logging.WARNING, "x.py", 1, message, arguments, raised, "push")  # fmt: skip


def test_a_line_is_structured_and_belongs_to_the_trace_under_way() -> None:
    with TracerProvider().get_tracer("test").start_as_current_span("push") as span:
        made = otlp_record(a_line("revision %d", 7), Redaction())
    attributes = {one.key: one.value.string_value for one in made.attributes}
    context = span.get_span_context()
    assert (made.severity_text, made.severity_number) == ("WARNING", 13)
    assert made.body.string_value == "revision 7"
    assert attributes["logger"] == "proxy.fleet"
    assert attributes["code.function.name"] == "push"
    assert int.from_bytes(made.trace_id, "big") == context.trace_id
    assert int.from_bytes(made.span_id, "big") == context.span_id


def test_what_was_raised_is_told_without_its_secret() -> None:
    made = otlp_record(a_line("no", error=ValueError("password=hunter22")), Redaction())
    attributes = {one.key: one.value.string_value for one in made.attributes}
    assert attributes["exception.type"] == "ValueError"
    assert attributes["exception.message"] == "password=[hidden]"
    assert "hunter22" not in str(made)


@pytest.fixture
def door() -> Door:
    return Door("records")


def test_a_loop_of_lines_and_lines_about_the_sending_stay_at_home(door: Door) -> None:
    outbox = Outbox(door, bytes)
    handler = OwnRecords((outbox,), Redaction())
    sending = a_line("own telemetry does not reach it")
    sending.name = "telemetry.own.outbox"
    round_ = a_line("Scheduler: Sending due task")
    round_.name, round_.levelno = "celery.beat", logging.INFO
    handler.handle(sending)
    handler.handle(round_)
    for _ in range(3 * MOST_A_SECOND):
        handler.handle(a_line("again"))
    outbox.look(0.0)
    assert MOST_A_SECOND <= len(door.got) <= 2 * MOST_A_SECOND
    assert {one.body.string_value for one in door.got} == {"again"}
