"""Reads a WorkloadEntry."""

from routing.contracts import Document
from routing.model.workload_entry import WorkloadEntry
from routing.parse.notes import Note, metadata_of, text
from routing.parse.service_entry import endpoint, is_address


def workload_entry(document: Document, note: Note) -> WorkloadEntry:
    address = text(document.spec, "address")
    if not address and text(document.spec, "network"):
        note("MSH1019", "spec.network", "spec.network (the endpoint of a network's gateway)")
    elif not address:
        note("MSH1011", "spec.address", "spec.address")
    elif address.startswith("unix://"):
        note("MSH1019", "spec.address", "spec.address (Unix socket)")
    elif not is_address(address):
        note("MSH1019", "spec.address", "spec.address (host name)")
    return WorkloadEntry(metadata=metadata_of(document), endpoint=endpoint(document.spec))
