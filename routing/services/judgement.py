"""Whether a change may be made, and whom it would concern."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rest.contracts import Finding
from routing.changes import Change
from routing.checks.check import CheckInput, check, verdict
from routing.contracts import Document, ResourceKey
from routing.selectors import documents_in_force, newest_accepted
from routing.services.platform import manifest_findings, registry, registry_after
from telemetry.own.tracing import tracer
from topology import facade as topology
from topology.contracts import Registry

Documents = Mapping[ResourceKey, Document]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """`blocking` forbids the change; `breaking`, in what refers to it, unless one insists.

    `findings` are worth saying about what it touches and what it newly causes elsewhere.
    """

    blocking: tuple[Finding, ...] = ()
    breaking: tuple[Finding, ...] = ()
    findings: tuple[Finding, ...] = ()


@tracer.start_as_current_span("check")
def judge(after: Documents, changes: Sequence[Change]) -> Judgement:
    """Check everything that would be in force, against what is (in the caller's transaction).

    Errors that were there before and belong to others do not stand in the way.
    """
    touched = frozenset(change.key for change in changes)
    names = {str(key) for key in touched}
    found = (*manifest_findings(changes), *_check(after, registry_after(changes)))
    concerned = tuple(one for one in found if one.resource in names)
    elsewhere = len(concerned) < len(found)
    ruling = verdict(found, _in_force() if elsewhere else (), touched)
    return Judgement(
        blocking=ruling.own,
        breaking=ruling.others,
        findings=(*concerned, *ruling.others, *ruling.noted),
    )


def _in_force() -> Iterator[Finding]:
    known = findings_by_resource(newest_accepted(), topology.generation())
    return (one for found in known.values() for one in found)


@lru_cache(maxsize=2)
def findings_by_resource(number: int, generation: str) -> dict[str, tuple[Finding, ...]]:
    """Findings in force, by resource; both arguments together say which configuration it is."""
    del number, generation
    found: dict[str, tuple[Finding, ...]] = {}
    for one in _check(documents_in_force(), registry()):
        found[one.resource] = (*found.get(one.resource, ()), one)
    return found


def _check(documents: Documents, running: Registry) -> tuple[Finding, ...]:
    ordered = tuple(documents[key] for key in sorted(documents))
    return check(CheckInput(documents=ordered, registry=running))
