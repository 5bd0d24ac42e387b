"""Reads a PeerAuthentication."""

from routing.contracts import Document
from routing.ir import MtlsMode
from routing.model.peer_authentication import PeerAuthentication
from routing.parse.notes import Note, Spec, label_set, metadata_of, part


def peer_authentication(document: Document, note: Note) -> PeerAuthentication:
    spec = document.spec
    selector = label_set(part(spec, "selector"), "matchLabels")
    ports = part(spec, "portLevelMtls")
    for number in ports:
        if not 1 <= int(number) <= 65535:
            note("MSH1021", f"spec.portLevelMtls.{number}", "port", "between 1 and 65535")
    if ports and not selector:
        note("MSH1111", "spec.portLevelMtls", "portLevelMtls", "a selector with matchLabels")
    return PeerAuthentication(
        metadata=metadata_of(document),
        mode=mode(part(spec, "mtls")),
        selector=selector,
        ports=tuple(sorted((int(n), mode(m or {})) for n, m in ports.items())),
    )


def mode(given: Spec) -> MtlsMode | None:
    named = given.get("mode") or "UNSET"
    return None if named == "UNSET" else MtlsMode(named)
