"""A revision's way from its plan to each proxy's answer, told as spans of the revision's own trace.

While it is under way only times are kept; spans are made when it has ended, off the event loop.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from opentelemetry.trace import Span, SpanContext, SpanKind, Status, StatusCode, set_span_in_context

from proxy.ads.server import Watched
from proxy.ads.session import Rejected
from proxy.fleet.planner import Plan, TurnedDown
from proxy.fleet.stages import Story
from proxy.xds.messages import SHORT_NAMES
from proxy.xds.snapshot import ProxySnapshot, Resources
from routing.contracts import Convergence, RevisionState
from telemetry.own.tracing import CHANGE, context_of, link_to, tracer

MOST_SHOWN = 64
"""Pushes of one revision that become spans; a trace of a thousand is read by nobody."""
MOST_NOTES = 32
MOST_NAMES = 5
FOLLOWED = 20
LONGEST_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Note:
    """A response that went out, an answer that came in; Unix nanoseconds."""

    at: int
    what: str
    type_url: str
    size: int = 0


@dataclass(slots=True, kw_only=True)
class Push:
    """What one proxy was told, and how it answered. `ended` 0: not yet."""

    snapshot: ProxySnapshot
    before: ProxySnapshot | None
    began: int
    ended: int = 0
    error: str = ""
    size: int = 0
    notes: list[Note] = field(default_factory=list)

    def note(self, one: Note) -> None:
        self.size += one.size
        if len(self.notes) < MOST_NOTES:
            self.notes.append(one)

    @property
    def took(self) -> int:
        return self.ended - self.began if self.ended else 0


@dataclass(slots=True, kw_only=True)
class Journey:
    """One revision at this control process. `span` lasts until every proxy has answered."""

    number: int
    span: Span
    pushes: list[Push] = field(default_factory=list)
    open: dict[str, Push] = field(default_factory=dict)
    latest: dict[str, Push] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ended:
    journey: Journey
    state: RevisionState | None
    at: int


class Journeys:
    """Of the latest revisions. Called on the event loop, except for `tell` and `turned_down`."""

    def __init__(self, control: str) -> None:
        self._control = control
        self._done_before = -1
        self._open: dict[int, Journey] = {}
        self._ended: list[Ended] = []

    def done_before(self, number: int) -> None:
        """This revision's trace had ended before this process started."""
        self._done_before = number

    def planned(self, plan: Plan, before: Mapping[str, ProxySnapshot], *, news: bool) -> None:
        """A plan is about to be served; `before` is what proxies had until now.

        `news`: it brings a revision, or a step of an mTLS change; else what runs has changed.
        """
        now = time.time_ns()
        journey = self._open.get(plan.number)
        if news and journey is None and plan.number != self._done_before:
            journey = self._begin(plan.number, plan.story, now)
        if journey is not None and news:
            _tell_story(journey.span, plan.story, step=0 if plan.final else plan.step)
        for proxy_id in plan.changed:
            snapshot = plan.snapshots[proxy_id]
            self._replaced(snapshot, now, but=None if news else journey)
            if journey is not None and news:
                push = Push(snapshot=snapshot, before=before.get(proxy_id), began=now)
                journey.open[proxy_id] = journey.latest[proxy_id] = push
                journey.pushes.append(push)
        for proxy_id in plan.removed:
            for one in self._open.values():
                _close(one, proxy_id, now)

    def _replaced(self, snapshot: ProxySnapshot, now: int, *, but: Journey | None) -> None:
        """What a proxy has not answered yet is no longer waited for: it gets something newer."""
        for one in self._open.values():
            push = one.open.get(snapshot.proxy_id)
            if push is not None and one is but:
                push.snapshot = snapshot
            else:
                _close(one, snapshot.proxy_id, now)

    def _begin(self, number: int, story: Story, now: int) -> Journey | None:
        if not story.trace or not story.stages:
            return None
        began = story.stages[0].began
        if now - began > LONGEST_SECONDS * 1e9:
            began = now
        span = _begun(number, story, began, self._control)
        if not span.is_recording():
            return None
        made = self._open[number] = Journey(number=number, span=span)
        for old in sorted(self._open)[:-FOLLOWED]:
            self._end(old, None, now)
        return made

    def noted(self, proxy_id: str, note: Note) -> None:
        """An answer may be read before it is known that what it answers has been written."""
        for journey in self._open.values():
            push = journey.latest.get(proxy_id)
            if push is not None and (not push.ended or note.at <= push.ended):
                push.note(note)

    def settled(self, snapshot: ProxySnapshot) -> None:
        for journey in self._open.values():
            push = journey.open.get(snapshot.proxy_id)
            if push is not None and push.snapshot is snapshot:
                push.ended, push.error = time.time_ns(), ""
                del journey.open[snapshot.proxy_id]

    def rejected(self, proxy_id: str, refusal: Rejected) -> None:
        for journey in self._open.values():
            push = journey.open.get(proxy_id)
            if push is not None:
                push.ended, push.error = time.time_ns(), refusal.error
                push.note(Note(push.ended, "refused", refusal.type_url))

    def reported(self, report: Convergence) -> None:
        """What control says of a revision; when that is final its journey has ended."""
        if report.state is not RevisionState.PUSHED:
            self._end(report.revision, report.state, time.time_ns())

    def _end(self, number: int, state: RevisionState | None, now: int) -> None:
        journey = self._open.pop(number, None)
        if journey is not None:
            self._ended.append(Ended(journey, state, now))

    def take(self) -> tuple[Ended, ...]:
        """What `tell` has to tell."""
        ended, self._ended = tuple(self._ended), []
        return ended

    def turned_down(self, found: TurnedDown) -> None:
        """Envoy would refuse it: its trace ends here."""
        if not found.story.trace or not found.story.stages:
            return
        stages = found.story.stages
        span = _begun(found.number, found.story, stages[0].began, self._control)
        _tell_story(span, found.story, step=0)
        span.set_attribute("meshweb.state", RevisionState.REJECTED.value)
        span.set_status(Status(StatusCode.ERROR, found.trial.error))
        span.end(stages[-1].ended)


@dataclass(frozen=True, slots=True)
class Followed:
    """What happens to proxies, kept for the journeys and passed on."""

    journeys: Journeys
    to: Watched

    def connected(self, proxy_id: str, certificate_expires_at: float | None) -> None:
        self.to.connected(proxy_id, certificate_expires_at)

    def disconnected(self, proxy_id: str) -> None:
        self.to.disconnected(proxy_id)

    def sent(self, proxy_id: str, type_url: str) -> None:
        self.to.sent(proxy_id, type_url)

    def written(self, proxy_id: str, type_url: str, size: int, seconds: float) -> None:
        decided = time.time_ns() - round(seconds * 1e9)
        self.journeys.noted(proxy_id, Note(decided, "sent", type_url, size))
        self.to.written(proxy_id, type_url, size, seconds)

    def faulty(self, proxy_id: str) -> None:
        self.to.faulty(proxy_id)

    def acknowledged(self, proxy_id: str, type_url: str, snapshot: ProxySnapshot | None) -> None:
        self.journeys.noted(proxy_id, Note(time.time_ns(), "acknowledged", type_url))
        self.to.acknowledged(proxy_id, type_url, snapshot)

    def settled(self, snapshot: ProxySnapshot) -> None:
        self.journeys.settled(snapshot)
        self.to.settled(snapshot)

    def rejected(self, proxy_id: str, refusal: Rejected) -> None:
        self.journeys.rejected(proxy_id, refusal)
        self.to.rejected(proxy_id, refusal)


def _close(journey: Journey, proxy_id: str, now: int) -> None:
    push = journey.open.pop(proxy_id, None)
    if push is not None:
        push.ended = push.ended or now


def tell(ended: Iterable[Ended]) -> None:
    """Make the spans of journeys that have ended."""
    for one in ended:
        _tell(one)


def _begun(number: int, story: Story, began: int, control: str) -> Span:
    links = [found for found in map(link_to, story.carried) if found is not None]
    span = tracer.start_span(
        "roll out revision",
        context=context_of(story.trace),
        start_time=began,
        attributes={CHANGE: True, "meshweb.revision": number, "meshweb.control": control},
        links=links,
    )
    for trace in story.carried:
        _carried(trace, number, began, span.get_span_context())
    return span


def _carried(trace: str, number: int, began: int, by: SpanContext) -> None:
    """In the trace of an older revision: which one took it along."""
    link = link_to(trace)
    if link is None or link.context.trace_id == by.trace_id:
        return
    from opentelemetry.trace import Link  # noqa: PLC0415  rare

    tracer.start_span(
        "carried by a later revision",
        context=context_of(trace),
        start_time=began,
        attributes={CHANGE: True, "meshweb.revision": number},
        links=[Link(by)],
    ).end()


def _tell_story(parent: Span, story: Story, *, step: int) -> None:
    """The plan and its stages."""
    first, last = story.stages[0], story.stages[-1]
    inside = set_span_in_context(parent)
    told: dict[str, str | int | float] = {"meshweb.mtls_step": step} if step else {}
    plan = tracer.start_span("plan", context=inside, start_time=first.began, attributes=told)
    within = set_span_in_context(plan)
    for stage in story.stages:
        given = {f"meshweb.{name}": value for name, value in stage.told.items()}
        made = tracer.start_span(
            stage.name, context=within, start_time=stage.began, attributes=given
        )
        if "error" in stage.told:
            made.set_status(Status(StatusCode.ERROR, str(stage.told["error"])))
        made.end(stage.ended)
    plan.end(last.ended)


def _tell(ended: Ended) -> None:
    journey, span = ended.journey, ended.journey.span
    for push in journey.open.values():
        push.ended = push.ended or ended.at
        push.error = push.error or "no answer"
    shown, rest = chosen(journey.pushes, MOST_SHOWN)
    inside = set_span_in_context(span)
    for push in shown:
        _tell_push(push, inside_of=span)
    if rest:
        times = sorted(push.took for push in rest)
        tracer.start_span(
            f"push to {len(rest)} more proxies",
            context=inside,
            start_time=min(push.began for push in rest),
            kind=SpanKind.PRODUCER,
            attributes={
                "meshweb.proxies": len(rest),
                "meshweb.bytes": sum(push.size for push in rest),
                "meshweb.p50_ms": times[len(times) // 2] / 1e6,
                "meshweb.p99_ms": times[int(len(times) * 0.99)] / 1e6,
            },
        ).end(max(push.ended for push in rest))
    span.set_attribute("meshweb.proxies", len({push.snapshot.proxy_id for push in journey.pushes}))
    span.set_attribute("meshweb.pushes_shown", len(shown))
    if ended.state is not None:
        span.set_attribute("meshweb.state", ended.state.value)
    if ended.state is RevisionState.REJECTED:
        error = next((push.error for push in journey.pushes if push.error), "refused")
        span.set_status(Status(StatusCode.ERROR, error))
    span.end(ended.at)


def _tell_push(push: Push, inside_of: Span) -> None:
    who = push.snapshot.config.proxy
    types = sorted({_short(note.type_url) for note in push.notes})
    span = tracer.start_span(
        f"push {who.workload}",
        context=set_span_in_context(inside_of),
        start_time=push.began,
        kind=SpanKind.PRODUCER,
        attributes={
            "meshweb.proxy": push.snapshot.proxy_id,
            "meshweb.namespace": who.namespace,
            "xds.types": types,
            "xds.bytes": push.size,
            **_versions(push, types),
        },
    )
    for note in sorted(push.notes, key=lambda one: one.at):
        told: dict[str, str | int] = {"xds.type": _short(note.type_url)}
        if note.size:
            told["xds.bytes"] = note.size
        span.add_event(note.what, told, timestamp=note.at)
    if push.error:
        span.set_status(Status(StatusCode.ERROR, push.error))
    span.end(push.ended)


def _versions(push: Push, types: Iterable[str]) -> dict[str, str | list[str]]:
    """The version of each type that was sent, and the resources in it that are others than before."""
    urls = {short.lower(): url for url, short in SHORT_NAMES.items()}
    versions = push.snapshot.versions()
    told: dict[str, str | list[str]] = {}
    for short in types:
        url = urls.get(short, "")
        told[f"xds.{short}.version"] = versions.get(url, "")
        before = push.before.of(url) if push.before is not None else {}
        told[f"xds.{short}.changed"] = list(_changed(push.snapshot.of(url), before))
    return told


def _changed(now: Resources, before: Resources) -> Iterable[str]:
    differ = (
        name
        for name, one in now.items()
        if name not in before or before[name].version != one.version
    )
    return islice(differ, MOST_NAMES)


def _short(type_url: str) -> str:
    return SHORT_NAMES.get(type_url, type_url).lower()


def chosen(pushes: Sequence[Push], most: int) -> tuple[tuple[Push, ...], tuple[Push, ...]]:
    """The pushes to show, in order, and the rest: of many those that failed, the slowest, a sample."""
    if len(pushes) <= most:
        return tuple(pushes), ()
    places = range(len(pushes))
    kept = dict.fromkeys(islice((i for i in places if pushes[i].error), most // 2))
    slowest = sorted(places, key=lambda i: -pushes[i].took)
    kept.update(dict.fromkeys(slowest[: most // 4]))
    left = [i for i in places if i not in kept]
    step = len(left) / (most - len(kept))
    kept.update(dict.fromkeys(left[int(n * step)] for n in range(most - len(kept))))
    return (
        tuple(pushes[i] for i in places if i in kept),
        tuple(pushes[i] for i in places if i not in kept),
    )
