"""One text of YAML, split into documents with their metadata apart."""

from dataclasses import dataclass

from rest.contracts import Finding
from routing.contracts import Document

PLATFORM_KINDS: frozenset[str] = frozenset(
    {"Namespace", "ServiceAccount", "Service", "Deployment", "Secret"}
)
"""Kubernetes kinds that `topology.manifests` reads; here they are only recognised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """What could be read, and all that was wrong or worth saying.

    A document with an error is left out of `documents`; one with warnings is in.
    """

    documents: tuple[Document, ...] = ()
    findings: tuple[Finding, ...] = ()


def parse_yaml(text: str) -> Parsed:
    """Read one or many YAML documents (`List` kinds are unrolled). Never raises for bad input."""
    raise NotImplementedError(text)
