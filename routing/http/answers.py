"""From what became of a write to what HTTP answers."""

import re
from collections.abc import Iterable
from typing import Any

from ninja import Field, Schema, Status

from rest.contracts import Finding, Refusal, Severity
from rest.shapes import ERRORS, FindingOut
from routing.contracts import ProxyProgress, ProxyState, RevisionState, TrialOutcome
from routing.effects import Effects
from routing.http.schemas import ChangeOut, EffectsOut, ProxyProgressOut, WriteOut
from routing.services import history, waiting
from routing.services.convergence import is_in_force
from routing.services.outcome import Accepted, Foreseen, Missing, Outcome, Refused, Stale

Answer = Status[WriteOut]
RESPONSES: dict[int, Any] = {200: WriteOut, 202: WriteOut, **ERRORS}
DURATION = re.compile(r"([0-9]+)(ms|s|m)?")
UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0}


class WriteQuery(Schema):
    """How a write is carried out: for real or not, and whether the answer waits for the proxies."""

    dry_run: bool = Field(False, description="only say what would happen")
    force: bool = Field(False, description="even where it breaks what refers to what it changes")
    wait: str = Field(
        "", pattern="^(converged)?$", description="answer when the proxies have it, or time is out"
    )
    timeout: str = Field(
        "5s", pattern="^[0-9]{1,6}(ms|s|m)?$", description="of wait; at most a minute"
    )
    message: str = Field("", max_length=1000, description="why, for the history")
    expires: str = Field(
        "",
        pattern="^(([0-9]{1,9}(ms|s|m|h|d)){1,5})?$",
        description="after this long (10m) what changed is put back as it was",
    )

    @property
    def seconds(self) -> float:
        found = DURATION.fullmatch(self.timeout)
        if found is None or not self.wait:
            return 0.0
        return int(found[1]) * UNITS[found[2] or "s"]


def answer(outcome: Outcome, query: WriteQuery) -> Answer:
    """200 when it is in force everywhere, 202 while it is on its way, a Refusal otherwise."""
    match outcome:
        case Accepted(number=number, changes=()):
            waiting.await_final(number, query.seconds)
            return Status(200, _of_revision(number, query, outcome.findings, unchanged=True))
        case Accepted(number=number):
            state = waiting.await_final(number, query.seconds)
            if state is RevisionState.REJECTED:
                waiting.await_culprit(number)
                raise rejection(number)
            done = is_in_force(number, state)
            return Status(200 if done else 202, _of_revision(number, query, outcome.findings))
        case Foreseen():
            return Status(200, _foreseen(outcome, query))
        case Refused(findings=findings, only_others=True):
            said = (
                f"{_first(findings).rstrip('.')}. Change what refers to it first, or insist: force."
            )
            raise Refusal(
                422, "breaks_others", f"This would break others. {said}", findings=findings
            )
        case Refused(findings=findings):
            raise Refusal(422, "findings", _first(findings), findings=findings)
        case Stale(key=key, current=current):
            raise Refusal(
                409, "stale_version", f"{key} is at version {current} now; read it again."
            )
        case Missing(key=key):
            raise Refusal(404, "not_found", f"There is no {key}.")


def rejection(number: int) -> Refusal:
    """A revision that was accepted and then refused, in its trial or by a proxy.

    What was wrong with it is being taken back.
    """
    view = history.revision(number)
    findings = view.findings if view else ()
    wrong = tuple(one for one in findings if one.severity is Severity.ERROR)
    errors = {one.error for one in (view.proxies if view else ()) if one.error}
    words = "; ".join(sorted(errors or {one.message for one in wrong})) or "see its history"
    said = f"Revision {number} was refused by a proxy and is taken back: {words}"
    if view is not None and view.trial is not None and view.trial.outcome is TrialOutcome.REFUSED:
        said = f"Envoy refused revision {number} before any proxy was told: {view.trial.error}"
    return Refusal(422, "rejected", said, findings=wrong)


def _first(findings: Iterable[Finding]) -> str:
    listed = list(findings)
    if not listed:
        return "The request was refused."
    one = listed[0]
    where = " ".join(part for part in (one.resource, one.path) if part)
    more = f" (and {len(listed) - 1} more)" if len(listed) > 1 else ""
    return f"{where}: {one.message}{more}" if where else f"{one.message}{more}"


def _of_revision(
    number: int, query: WriteQuery, findings: Iterable[Finding], *, unchanged: bool = False
) -> WriteOut:
    view = history.revision(number)
    return WriteOut(
        revision=None if query.dry_run else number,
        based_on=number if query.dry_run else None,
        state=view.state if view else RevisionState.CONVERGED,
        message=view.message if view else "",
        dry_run=query.dry_run,
        ms=view.ms if view else None,
        converged=view.converged if view else 0,
        total=view.total if view else 0,
        findings=[FindingOut.of(one) for one in findings],
        proxies=[ProxyProgressOut.of(one) for one in view.proxies] if view else [],
        changes=[ChangeOut.of(one) for one in view.changes] if view and not unchanged else [],
        effects=EffectsOut.of(Effects()) if query.dry_run else None,
        trace_id=(view.trace_id or None) if view and not unchanged else None,
    )


def _foreseen(outcome: Foreseen, query: WriteQuery) -> WriteOut:
    waiting_proxies = [
        ProxyProgress(proxy_id=one, state=ProxyState.PENDING) for one in outcome.effects.affected
    ]
    return WriteOut(
        revision=None,
        based_on=outcome.number,
        state=RevisionState.ACCEPTED,
        message=query.message,
        dry_run=True,
        ms=None,
        converged=0,
        total=len(waiting_proxies),
        findings=[FindingOut.of(one) for one in outcome.findings],
        proxies=[ProxyProgressOut.of(one) for one in waiting_proxies],
        changes=[ChangeOut.of(history.change_view(one)) for one in outcome.changes],
        effects=EffectsOut.of(outcome.effects),
    )
