"""Reads a Telemetry."""

from routing.contracts import Document
from routing.ir import AccessLog
from routing.model.telemetry import Telemetry
from routing.parse.notes import Note, Spec, items, label_set, metadata_of, part, text

SIDES = {"CLIENT": ("client",), "SERVER": ("server",)}


def telemetry(document: Document, note: Note) -> Telemetry:  # noqa: ARG001  as every reader
    spec = document.spec
    percent: float | None = None
    spans: bool | None = None
    for one in items(spec, "tracing"):
        if one.get("randomSamplingPercentage") is not None:
            percent = float(one["randomSamplingPercentage"])
        if one.get("disableSpanReporting") is not None:
            spans = not one["disableSpanReporting"]
    logs: dict[str, AccessLog] = {}
    for one in items(spec, "accessLogging"):
        for side in SIDES.get(text(part(one, "match"), "mode"), ("client", "server")):
            logs[side] = access_log(one)
    return Telemetry(
        metadata=metadata_of(document),
        selector=label_set(part(spec, "selector"), "matchLabels"),
        sampling_percent=percent,
        spans=spans,
        client=logs.get("client"),
        server=logs.get("server"),
    )


def access_log(given: Spec) -> AccessLog:
    return AccessLog(
        enabled=not given.get("disabled"),
        expression=text(part(given, "filter"), "expression"),
    )
