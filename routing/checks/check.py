"""All rules, in order, over everything that would be in force."""

from collections.abc import Iterable
from dataclasses import dataclass

from rest.contracts import Finding
from routing.contracts import Document, ResourceKey
from topology.contracts import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckInput:
    """Everything that would be in force after a change.

    `documents` are all of them, platform kinds too (a Service applied together with its
    VirtualService counts as there). `secrets` are the (namespace, name) of stored gateway
    certificates that are not among the documents.
    """

    documents: tuple[Document, ...]
    registry: Registry = Registry()
    secrets: frozenset[tuple[str, str]] = frozenset()
    root_namespace: str = "istio-system"


def check(given: CheckInput) -> tuple[Finding, ...]:
    """Every finding about every document, in a stable order."""
    raise NotImplementedError(given)


def blocking(
    after: Iterable[Finding], before: Iterable[Finding], touched: frozenset[ResourceKey]
) -> tuple[Finding, ...]:
    """The errors that forbid a change: those of resources it touches and those it newly causes."""
    raise NotImplementedError(after, before, touched)
