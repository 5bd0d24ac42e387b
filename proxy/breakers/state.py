"""Closed, open, half-open: what Envoy's ejections and limits mean. Pure.

Envoy has no half-open of its own. What it has is this (its outlier detection): an endpoint whose
failures reach the limit is ejected for `base ejection time` times the number of ejections in a row,
at most `longest`; a check each `interval` takes it back once the time is over. The number in a row
falls by one at each later check that finds it in place, and while it is above zero the next
ejection lasts longer. Its log does not tell the number, so it is reckoned from the times; checks of
a busy Envoy come late, and then an ejection that outlasts what was reckoned puts the number right.
So, of one endpoint as one proxy sees it:

- open: ejected. `since` is the ejection, `until` the moment from which the next check takes it back.
- half-open: taken back, and the number in a row is not yet zero: it gets requests, and fails
  harder. `since` is the return, `until` when the number will be zero.
- closed: everything else.

Of a destination (service, port, subset) as one proxy sees it:

- open: an endpoint is open, or a limit has turned requests away within the last REFUSING_SECONDS.
  `refusing`: no request gets through, because of a limit just now or because no endpoint is left.
- half-open: not open, and an endpoint is.
- closed: everything else.

A limit that is reached turns nothing away by itself: two connections of two may both be idle.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import ceil

REFUSING_SECONDS = 5.0
SLACK_SECONDS = 3.0
"""Ejections come by one way and counts by another, which may be so far apart."""
LEAST_LONGEST_MS = 300_000


class State(StrEnum):
    CLOSED = "closed"
    HALF_OPEN = "half-open"
    OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ejecting:
    """How a cluster ejects, in milliseconds."""

    interval_ms: int = 10_000
    base_ms: int = 30_000

    @property
    def longest_ms(self) -> int:
        return max(LEAST_LONGEST_MS, self.base_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Circuit:
    """One endpoint. `ejections` is the number in a row that Envoy still remembers. `overdue`: out for
    longer than was reckoned, unless it left the cluster meanwhile, which Envoy tells nobody."""

    endpoint: str
    state: State
    since: float
    until: float
    ejections: int
    overdue: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """`reached`: as many as are allowed are in use. `turned_away` counts since the proxy's start."""

    name: str
    most: int | None
    reached: bool
    turned_away: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """`since` None: closed for as long as is known."""

    state: State
    refusing: bool
    since: float | None
    until: float | None
    endpoints: tuple[Circuit, ...]
    healthy: int | None
    total: int | None


def circuit(
    endpoint: str, turns: Sequence[tuple[float, bool]], policy: Ejecting, now: float
) -> Circuit | None:
    """What a history of ejections (when, whether it was one) leaves of an endpoint; None: closed."""
    row, last_at, out = 0, 0.0, False
    interval = policy.interval_ms / 1000
    for at, ejected in turns:
        if ejected:
            row = max(0, row - _checks(last_at, at, interval)) if not out else row
            row += 1
        elif out:
            row = max(row, _outlasted(at - last_at, policy))
        last_at, out = at, ejected
    if not turns:
        return None
    if out:
        least = _outlasted(now - last_at, policy)
        overdue, row = least > row, max(row, least)
        return Circuit(
            endpoint=endpoint,
            state=State.OPEN,
            since=last_at,
            until=last_at + min(row * policy.base_ms, policy.longest_ms) / 1000,
            ejections=row,
            overdue=overdue,
        )
    left = row - _checks(last_at, now, interval)
    if left <= 0:
        return None
    return Circuit(
        endpoint=endpoint,
        state=State.HALF_OPEN,
        since=last_at,
        until=last_at + row * interval,
        ejections=left,
    )


def _outlasted(seconds: float, policy: Ejecting) -> int:
    """The least number in a row for which an ejection lasts so long."""
    certain = seconds - policy.interval_ms / 1000 - SLACK_SECONDS
    return ceil(1000 * certain / max(policy.base_ms, 1))


def _checks(since: float, until: float, interval: float) -> int:
    return int(max(0.0, until - since) / max(interval, 0.001))


def breaker(
    circuits: Sequence[Circuit], counts: Mapping[str, float], now: float, *, counted: bool = True
) -> Breaker:
    """`counts` are the latest of the cluster by Envoy's names; `counted` False: there are none."""
    active = counts.get("outlier_detection_ejections_active")
    gone = counted and active == 0
    kept = tuple(
        one
        for one in _believable(circuits, int(active or 0))
        if not (gone and one.state is State.OPEN and now - one.since > SLACK_SECONDS)
    )
    healthy, total = _whole(counts, "membership_healthy"), _whole(counts, "membership_total")
    turning = now - counts.get("refused_at", 0.0) <= REFUSING_SECONDS
    empty = healthy == 0
    out = [one for one in kept if one.state is State.OPEN]
    back = [one for one in kept if one.state is State.HALF_OPEN]
    if turning or out:
        state = State.OPEN
        begins = [one.since for one in out] + ([counts["refused_since"]] if turning else [])
        ends = [one.until for one in out]
    elif back:
        state = State.HALF_OPEN
        begins, ends = [one.since for one in back], [one.until for one in back]
    else:
        state, begins, ends = State.CLOSED, [], []
    return Breaker(
        state=state,
        refusing=turning or (empty and bool(out)),
        since=min(begins, default=None),
        until=min(ends, default=None),
        endpoints=kept,
        healthy=healthy,
        total=total,
    )


def _believable(circuits: Sequence[Circuit], active: int) -> Iterator[Circuit]:
    """Of those that are overdue as many as Envoy counts beside the others, the latest first."""
    overdue = sorted((one for one in circuits if one.overdue), key=lambda one: -one.since)
    others = sum(one.state is State.OPEN and not one.overdue for one in circuits)
    kept = {one.endpoint for one in overdue[: max(0, active - others)]}
    return (one for one in circuits if not one.overdue or one.endpoint in kept)


def _whole(counts: Mapping[str, float], name: str) -> int | None:
    return int(counts[name]) if name in counts else None
