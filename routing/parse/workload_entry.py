"""Reads a WorkloadEntry."""

from routing.contracts import Document
from routing.model.workload_entry import WorkloadEntry
from routing.parse.notes import Note, Spec, metadata_of, part, text
from routing.parse.service_entry import endpoint, is_address
from routing.parse.virtual_service import check_host


def workload_entry(document: Document, note: Note) -> WorkloadEntry:
    address = text(document.spec, "address")
    if not address and text(document.spec, "network"):
        note("MSH1019", "spec.network", "spec.network (the endpoint of a network's gateway)")
    elif not address:
        note("MSH1011", "spec.address", "spec.address")
    elif address.startswith("unix://"):
        check_socket(document.spec, address, note)
    elif not is_address(address):
        check_host(address, "spec.address", note)
    return WorkloadEntry(metadata=metadata_of(document), endpoint=endpoint(document.spec))


def check_socket(spec: Spec, address: str, note: Note) -> None:
    if not address.removeprefix("unix://").startswith(("/", "@")):
        note("MSH1021", "spec.address", address, "an absolute path after unix://")
    elif part(spec, "ports"):
        note("MSH1021", "spec.ports", "ports", "left out for a Unix socket")
