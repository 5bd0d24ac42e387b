"""Reads a Suspend."""

from routing.contracts import Document
from routing.model.suspend import Suspend
from routing.parse.notes import Note, metadata_of, text

MAX_REASON = 200


def suspend(document: Document, note: Note) -> Suspend:
    spec = document.spec
    workload, service = text(spec, "workload"), text(spec, "service")
    if not (workload or service):
        note("MSH1146", "spec")
    reason = text(spec, "reason")
    if len(reason) > MAX_REASON or not reason.isprintable():
        note("MSH1021", "spec.reason", "reason", f"one line of at most {MAX_REASON} characters")
    return Suspend(
        metadata=metadata_of(document), workload=workload, service=service, reason=reason
    )
