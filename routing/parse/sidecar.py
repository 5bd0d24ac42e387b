"""Reads a Sidecar."""

from routing.contracts import Document
from routing.model.sidecar import Sidecar
from routing.parse.notes import Note, items, label_set, metadata_of, part, text, texts


def sidecar(document: Document, note: Note) -> Sidecar:
    spec, own = document.spec, document.key.namespace
    egress: list[tuple[str, str]] = []
    for i, listener in enumerate(items(spec, "egress")):
        for j, written in enumerate(texts(listener, "hosts")):
            namespace, slash, pattern = written.partition("/")
            if not slash or not namespace or not pattern:
                path = f"spec.egress[{i}].hosts[{j}]"
                note("MSH1021", path, repr(written), "a namespace and a host, like ./reviews")
            elif namespace != "~":
                egress.append((own if namespace == "." else namespace, pattern))
    return Sidecar(
        metadata=metadata_of(document),
        selector=label_set(part(spec, "workloadSelector"), "labels"),
        egress=tuple(egress) if items(spec, "egress") else None,
        allow_any=text(part(spec, "outboundTrafficPolicy"), "mode") == "ALLOW_ANY",
    )
