"""From the way of a request to its possible ends, each with its share."""

from collections.abc import Iterator
from dataclasses import replace

from routing.explain.answer import Destination, Ending, Hop, Onward, Outcome, Turn
from routing.explain.replies import GRPC_STATUS, UNKNOWN, closed

UNAVAILABLE = 503
UNAVAILABLE_WORD = "unavailable"
INTERNAL_ERROR = 500
GRPC_UNAVAILABLE = 14


def outcomes(hop: Hop) -> tuple[Outcome, ...]:
    """Equal ends are one; the likeliest first. Shares sum to 100."""
    summed: dict[Outcome, float] = {}
    for one in _ends(hop):
        key = replace(one, share=0.0)
        summed[key] = summed.get(key, 0.0) + one.share
    found = [replace(one, share=round(share, 4)) for one, share in summed.items() if share > 0]
    return tuple(sorted(found, key=lambda one: -one.share))


def _ends(hop: Hop) -> Iterator[Outcome]:
    for turn in hop.turns:
        yield from turn.ends
        for destination in turn.destinations:
            for one in _of_destination(hop, turn, destination):
                yield replace(one, share=one.share * destination.share / 100)


def _of_destination(hop: Hop, turn: Turn, destination: Destination) -> Iterator[Outcome]:
    if not destination.onward:
        message = f"{destination.cluster} has no endpoint that could take it"
        failed = _failed(hop, turn, message, "UH", "no_healthy_upstream")
        yield _backed(hop, destination, failed, UNAVAILABLE_WORD)
    for onward in destination.onward:
        for one in _of_onward(hop, turn, destination, onward):
            ended = replace(one, share=one.share * onward.share / 100)
            yield _backed(hop, destination, ended)


def _backed(hop: Hop, destination: Destination, one: Outcome, when: str = "") -> Outcome:
    """The answer of a Fallback or Suspend where it stands in."""
    instead = destination.instead
    if instead is None or instead.status is None or one.ending is not Ending.ANSWERED:
        return one
    failed = "5xx" if (one.status or 0) >= INTERNAL_ERROR else ""
    by = f"{'gateway' if hop.side == 'gateway' else 'sidecar'} of {hop.namespace}/{hop.workload}"
    if one.flags == "UF" and one.by == by:
        when = UNAVAILABLE_WORD
    if not {when, failed} & set(instead.on):
        return one
    grpc = one.grpc_status is not None
    return replace(
        one,
        status=200 if grpc else instead.status,
        grpc_status=GRPC_STATUS.get(instead.status, UNKNOWN) if grpc else None,
        details="",
        by=by,
        message=f"{instead.resource} answers instead: {one.message}",
    )


def _of_onward(hop: Hop, turn: Turn, destination: Destination, onward: Onward) -> Iterator[Outcome]:
    if onward.trouble:
        yield _failed(hop, turn, onward.trouble, "UF", "upstream_reset_before_response_started")
        return
    if onward.hop is None:
        yield _arrived(hop, destination, onward)
        return
    for one in outcomes(onward.hop):
        if one.ending is Ending.CLOSED:
            refused = onward.hop.listener is not None and onward.hop.listener.refused
            flags = "UF" if refused and onward.tls != "none" else "UC"
            details = "upstream_reset_before_response_started"
            yield replace(_failed(hop, turn, one.message, flags, details), share=one.share)
        else:
            yield one


def _arrived(hop: Hop, destination: Destination, onward: Onward) -> Outcome:
    """Nobody of the mesh stands there: the application behind its sidecar, or a stranger."""
    first = onward.endpoints[0]
    if hop.side == "inbound":
        name = f"{hop.namespace}/{hop.workload}"
        return _reached(Ending.APPLICATION, name, f"the application of {name} answers")
    if first.workload:
        name = f"{first.namespace}/{first.workload}"
        return _reached(Ending.APPLICATION, name, f"{name} answers; it has no sidecar")
    name = destination.service or first.address
    return _reached(Ending.OUTSIDE, name, f"{name}, outside the mesh, answers")


def _reached(ending: Ending, by: str, message: str) -> Outcome:
    return Outcome(share=100.0, ending=ending, by=by, message=message)


def _failed(hop: Hop, turn: Turn, message: str, flags: str, details: str) -> Outcome:
    """A proxy of HTTP answers for a server that does not; elsewhere the connection is closed."""
    by = f"{hop.namespace}/{hop.workload}"
    kind = "gateway" if hop.side == "gateway" else "sidecar"
    if hop.side == "none":
        return closed(by, message)
    if not hop.http:
        return closed(f"{kind} of {by}", message, flags=flags)
    grpc = _is_grpc(turn)
    return Outcome(
        share=100.0,
        ending=Ending.ANSWERED,
        by=f"{kind} of {by}",
        message=message,
        status=200 if grpc else UNAVAILABLE,
        grpc_status=GRPC_UNAVAILABLE if grpc else None,
        flags=flags,
        details=details,
    )


def _is_grpc(turn: Turn) -> bool:
    kind = dict(turn.sent.headers).get("content-type", "") if turn.sent else ""
    return kind == "application/grpc" or kind.startswith("application/grpc+")
