"""A document becomes the frozen value of its kind."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rest.contracts import Finding, Severity
from routing.contracts import Document
from routing.model import Resource
from routing.model.catalogue import finding
from routing.model.gateway_api import GROUP
from routing.parse.authorization_policy import authorization_policy
from routing.parse.destination_rule import destination_rule
from routing.parse.fallback import fallback
from routing.parse.fields import KINDS
from routing.parse.gateway import gateway
from routing.parse.gateway_api import (
    api_gateway,
    connection_route,
    gateway_class,
    grpc_route,
    http_route,
    reference_grant,
)
from routing.parse.notes import Note
from routing.parse.peer_authentication import peer_authentication
from routing.parse.request_authentication import request_authentication
from routing.parse.schema import compare, nearest
from routing.parse.service_entry import service_entry
from routing.parse.sidecar import sidecar
from routing.parse.suspend import suspend
from routing.parse.telemetry import telemetry
from routing.parse.virtual_service import virtual_service
from routing.parse.workload_entry import workload_entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """`resource` is None for a document with an error, and for kinds that have no model yet."""

    resource: Resource | None
    findings: tuple[Finding, ...] = ()


Reader = Callable[[Document, Note], Resource]
READERS: Mapping[str, Reader] = {
    "VirtualService": virtual_service,
    "DestinationRule": destination_rule,
    "Gateway": gateway,
    "ServiceEntry": service_entry,
    "PeerAuthentication": peer_authentication,
    "WorkloadEntry": workload_entry,
    "Telemetry": telemetry,
    "Sidecar": sidecar,
    "HTTPRoute": http_route,
    "GRPCRoute": grpc_route,
    "TLSRoute": connection_route,
    "TCPRoute": connection_route,
    "ReferenceGrant": reference_grant,
    "GatewayClass": gateway_class,
    "AuthorizationPolicy": authorization_policy,
    "Fallback": fallback,
    "Suspend": suspend,
    "RequestAuthentication": request_authentication,
}


def reader_of(document: Document) -> Reader | None:
    if document.key.kind == "Gateway" and document.api_version.startswith(f"{GROUP}/"):
        return api_gateway
    return READERS.get(document.key.kind)


ENOUGH_FINDINGS = 1_000
"""Once something is wrong nobody reads more than these, and to find each takes time."""


def read(document: Document) -> Reading:
    """Validate one document against its kind's fields and make its model."""
    kind = KINDS.get(document.key.kind)
    if kind is None:
        unknown = finding("MSH1012", document.key, "kind", document.key.kind)
        return Reading(resource=None, findings=(unknown,))
    found = list(differences(document))
    reader = reader_of(document)
    if reader is None or any(f.severity is Severity.ERROR for f in found):
        return Reading(resource=None, findings=tuple(found))

    def note(code: str, path: str, *words: object, fix: str | None = None) -> None:
        found.append(finding(code, document.key, path, *words, fix=fix))

    resource = reader(document, note)
    broken = any(f.severity is Severity.ERROR for f in found)
    return Reading(resource=None if broken else resource, findings=tuple(found))


def differences(document: Document) -> list[Finding]:
    """Where a spec differs from its kind's fields."""
    spec = KINDS[document.key.kind].spec_of(document.api_version)
    found: list[Finding] = []
    wrong = False
    for code, path, words in compare(document.spec, spec, "spec"):
        fix = None
        if code == "MSH1016":
            name, known = words
            fix = nearest(str(name), known if isinstance(known, tuple) else ())
        found.append(finding(code, document.key, path, *words, fix=fix))
        wrong = wrong or found[-1].severity is Severity.ERROR
        if wrong and len(found) >= ENOUGH_FINDINGS:
            break
    return found
