"""Whether a change may be made, and whom it would concern."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rest.contracts import Finding, Severity
from routing.changes import Change
from routing.checks.check import CheckInput, blocking, check
from routing.contracts import Document, ResourceKey
from routing.selectors import documents_in_force
from routing.services.platform import manifest_findings, registry
from telemetry.own.tracing import tracer

Documents = Mapping[ResourceKey, Document]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """`blocking` forbids the change; `findings` are worth saying about what it touches."""

    blocking: tuple[Finding, ...]
    findings: tuple[Finding, ...]


@tracer.start_as_current_span("check")
def judge(before: Documents, after: Documents, changes: Sequence[Change]) -> Judgement:
    """Check everything that would be in force.

    Errors that were there before and belong to others do not stand in the way.
    """
    touched = frozenset(change.key for change in changes)
    found = (*manifest_findings(changes), *_check(after))
    errors = [one for one in found if one.severity is Severity.ERROR]
    earlier = _check(before) if errors else ()
    names = {str(key) for key in touched}
    return Judgement(
        blocking=blocking(found, earlier, touched) if errors else (),
        findings=tuple(one for one in found if one.resource in names),
    )


@lru_cache(maxsize=2)
def findings_by_resource(number: int, generation: str) -> dict[str, tuple[Finding, ...]]:
    """Findings in force, by resource; both arguments together say which configuration it is."""
    del number, generation
    found: dict[str, tuple[Finding, ...]] = {}
    for one in _check(documents_in_force()):
        found[one.resource] = (*found.get(one.resource, ()), one)
    return found


def _check(documents: Documents) -> tuple[Finding, ...]:
    ordered = tuple(documents[key] for key in sorted(documents))
    return check(CheckInput(documents=ordered, registry=registry()))
