"""The reducer: what control processes report, merged into one status a revision."""

from collections.abc import Iterable, Mapping
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
    RevisionState.REJECTED: (RevisionState.PUSHED, RevisionState.PARTIAL),
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
        progress = merge(progress_of(row.convergence), report.proxies)
        state = judge(report, progress)
        written = Revision.objects.filter(number=report.revision, state__in=BEFORE[state]).update(
            state=state,
            convergence=[as_json(proxy) for proxy in progress],
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


def judge(report: Convergence, progress: Iterable[ProxyProgress]) -> RevisionState:
    """The state that one process's verdict and everyone's progress add up to.

    Whether its own pending proxies are worth waiting for is in the process's verdict.
    """
    told = {proxy.proxy_id for proxy in report.proxies}
    others = {proxy.state for proxy in progress if proxy.proxy_id not in told}
    states = {proxy.state for proxy in progress}
    if report.state is RevisionState.REJECTED or ProxyState.REJECTED in states:
        return RevisionState.REJECTED
    if report.state not in BEFORE or ProxyState.PENDING in others:
        return RevisionState.PUSHED
    return report.state


def counts(proxy: ProxyProgress, state: RevisionState) -> bool:
    """Whether a proxy is one of the revision's total.

    One that nobody waits for is when it has come; one that leaves us without an answer is.
    """
    waited_for = state is RevisionState.PUSHED or bool(proxy.error)
    return waited_for or proxy.state is not ProxyState.PENDING


def merge(
    known: Iterable[ProxyProgress], news: Iterable[ProxyProgress]
) -> tuple[ProxyProgress, ...]:
    """The newest word on each proxy, sorted by its id."""
    latest = {proxy.proxy_id: proxy for proxy in (*known, *news)}
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
    }


def progress_of(kept: Iterable[Mapping[str, Any]]) -> tuple[ProxyProgress, ...]:
    """Parse what `as_json` made."""
    return tuple(
        ProxyProgress(
            proxy_id=proxy["id"],
            state=ProxyState(proxy["state"]),
            ms=proxy["ms"],
            error=proxy["error"],
        )
        for proxy in kept
    )
