"""The reducer: what control processes report, merged into one status a revision."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from django.db import transaction

from routing import broker
from routing.contracts import Convergence, ProxyProgress, ProxyState, RevisionState
from routing.models import Revision
from telemetry.contracts import Channel

KEPT_SECONDS = 3600

BEFORE: Mapping[RevisionState, tuple[RevisionState, ...]] = {
    RevisionState.PUSHED: (RevisionState.PUSHED,),
    RevisionState.PARTIAL: (RevisionState.PUSHED, RevisionState.PARTIAL),
    RevisionState.CONVERGED: (
        RevisionState.PUSHED,
        RevisionState.PARTIAL,
        RevisionState.CONVERGED,  # pods that start with the revision are counted when they come
    ),
    RevisionState.REJECTED: (
        RevisionState.PUSHED,
        RevisionState.PARTIAL,
        RevisionState.REJECTED,  # it is taken back before all who refuse it have been counted
    ),
}
"""From which states a report may lead to a state: only ever forward."""

CARRIES = frozenset({RevisionState.CONVERGED, RevisionState.PARTIAL})
"""Proxies have answered such a revision: what is older, and was waited for, went with it."""


def is_in_force(number: int, state: RevisionState | None) -> bool:
    """Whether every proxy has what a revision brought, by itself or with a later one."""
    if state is not RevisionState.SUPERSEDED:
        return state is RevisionState.CONVERGED
    later = Revision.objects.filter(number__gt=number, state=RevisionState.CONVERGED)
    return later.exists()


def reduce_convergence(report: Convergence) -> None:
    """See `routing.facade.record_convergence`."""
    with transaction.atomic():
        row = Revision.objects.select_for_update().filter(number=report.revision).first()
        if row is None:
            return
        progress = merge(progress_of(row.convergence), report)
        verdicts = {**row.verdicts, report.control: report.state.value}
        state = judge(report, verdicts, progress)
        written = Revision.objects.filter(number=report.revision, state__in=BEFORE[state]).update(
            state=state,
            convergence=[as_json(proxy) for proxy in progress],
            verdicts=verdicts,
            converged=sum(proxy.state is ProxyState.SYNCED for proxy in progress),
            total=sum(counts(proxy, state) for proxy in progress),
            ms=slowest(progress),
        )
        if state in CARRIES:
            Revision.objects.filter(number__lt=report.revision, state=RevisionState.PUSHED).update(
                state=RevisionState.SUPERSEDED
            )
    if written:
        announce(report.revision, state, progress)


def judge(
    report: Convergence, verdicts: Mapping[str, str], progress: Iterable[ProxyProgress]
) -> RevisionState:
    """The state that the verdicts of all control processes that live add up to.

    Whether a process's pending proxies are worth waiting for is in its verdict.
    """
    if any(proxy.state is ProxyState.REJECTED for proxy in progress):
        return RevisionState.REJECTED
    living = {verdicts.get(name) for name in (report.control, *report.others)}
    if RevisionState.REJECTED in living:
        return RevisionState.REJECTED
    if not living <= {state.value for state in CARRIES}:
        return RevisionState.PUSHED
    return RevisionState.PARTIAL if RevisionState.PARTIAL in living else RevisionState.CONVERGED


def counts(proxy: ProxyProgress, state: RevisionState) -> bool:
    """Whether a proxy is one of the revision's total.

    One that nobody waits for is when it has come; one that leaves us without an answer is.
    """
    waited_for = state is RevisionState.PUSHED or bool(proxy.error)
    return waited_for or proxy.state is not ProxyState.PENDING


_FACTS = frozenset({ProxyState.SYNCED, ProxyState.REJECTED})
"""What a proxy has answered stays so, wherever it connects to afterwards."""


def merge(known: Iterable[ProxyProgress], report: Convergence) -> tuple[ProxyProgress, ...]:
    """What is known of each proxy, sorted by its id.

    A report is the whole of a process's word on its own proxies. What it says of those that it finds
    nowhere counts only for those that no other living process has.
    """
    latest = {
        one.proxy_id: one
        for one in known
        if one.state in _FACTS or (one.control and one.control in report.others)
    }
    for one in report.absent:
        latest.setdefault(one.proxy_id, one)
    for one in report.proxies:
        before = latest.get(one.proxy_id)
        if before is None or before.state not in _FACTS or one.state is ProxyState.REJECTED:
            latest[one.proxy_id] = replace(one, control=report.control)
    return tuple(latest[proxy_id] for proxy_id in sorted(latest))


def slowest(progress: Iterable[ProxyProgress]) -> float | None:
    return max((proxy.ms for proxy in progress if proxy.ms is not None), default=None)


def announce(number: int, state: RevisionState, progress: Iterable[ProxyProgress]) -> None:
    """Leave the status at the revision's key, then tell whoever waits."""
    message = {
        "revision": number,
        "state": state.value,
        "proxies": [as_json(proxy) for proxy in progress],
    }
    broker.keep(f"meshweb:revision:{number}", message, seconds=KEPT_SECONDS)
    broker.publish(Channel.CONVERGENCE, message)


def as_json(proxy: ProxyProgress) -> dict[str, Any]:
    return {
        "id": proxy.proxy_id,
        "state": proxy.state.value,
        "ms": proxy.ms,
        "error": proxy.error,
        "control": proxy.control,
    }


def progress_of(kept: Iterable[Mapping[str, Any]]) -> tuple[ProxyProgress, ...]:
    """Parse what `as_json` made."""
    return tuple(
        ProxyProgress(
            proxy_id=proxy["id"],
            state=ProxyState(proxy["state"]),
            ms=proxy["ms"],
            error=proxy["error"],
            control=proxy.get("control", ""),
        )
        for proxy in kept
    )
