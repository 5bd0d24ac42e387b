"""A document becomes the frozen value of its kind."""

from dataclasses import dataclass

from rest.contracts import Finding
from routing.contracts import Document
from routing.model import Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """`resource` is None for a document with an error, and for kinds that have no model yet."""

    resource: Resource | None
    findings: tuple[Finding, ...] = ()


def read(document: Document) -> Reading:
    """Validate one document against its kind's fields and make its model."""
    raise NotImplementedError(document.key)
