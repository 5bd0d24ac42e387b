"""Reads the faults of a route."""

from routing.ir import Abort, Delay, Fault
from routing.parse.notes import Note, Spec, milliseconds, part, text

GRPC_CODES = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
]


def fault(given: Spec, path: str, note: Note) -> Fault | None:
    written = given.get("fault")
    if not written:
        return None
    found = Fault(
        delay=delay(written, f"{path}.fault.delay", note),
        abort=abort(written, f"{path}.fault.abort", note),
    )
    return None if found == Fault() else found


def delay(given: Spec, path: str, note: Note) -> Delay | None:
    written = given.get("delay")
    if not written or written.get("exponentialDelay") is not None:
        return None
    fixed = milliseconds(written, "fixedDelay")
    if not fixed:
        note("MSH1106", f"{path}.fixedDelay", "fixedDelay")
        return None
    percent = written.get("percent")
    if percent is not None and not 0 <= percent <= 100:
        note("MSH1021", f"{path}.percent", "percent", "from 0 to 100")
    whole = 100.0 if percent is None else float(percent)
    return Delay(percent=percentage(written, whole), fixed_ms=fixed)


def abort(given: Spec, path: str, note: Note) -> Abort | None:
    written = given.get("abort")
    if not written or written.get("http2Error") is not None:
        return None
    percent = percentage(written, 100.0)
    status, code = written.get("httpStatus"), text(written, "grpcStatus")
    if status is None and not code:
        note("MSH1111", path, "abort", "httpStatus or grpcStatus")
        return None
    if status is not None:
        if not 200 <= status <= 599:
            note("MSH1021", f"{path}.httpStatus", "httpStatus", "from 200 to 599")
        return Abort(percent=percent, http_status=status)
    number = grpc_code(code)
    if number is None:
        note("MSH1018", f"{path}.grpcStatus", "grpcStatus", ", ".join(GRPC_CODES), code)
        return None
    return Abort(percent=percent, grpc_status=number)


def grpc_code(written: str) -> int | None:
    """A code by name or number."""
    if written in GRPC_CODES:
        return GRPC_CODES.index(written)
    if written.isascii() and written.isdigit() and int(written) < len(GRPC_CODES):
        return int(written)
    return None


def percentage(given: Spec, otherwise: float) -> float:
    """`percentage.value`; a percentage without a value is 0, as in Istio."""
    if given.get("percentage") is None:
        return otherwise
    return float(part(given, "percentage").get("value") or 0.0)
