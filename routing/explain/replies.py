"""What proxies answer themselves, as Envoy answers: to gRPC clients with 200 and a gRPC status."""

from routing.explain.answer import Ending, Outcome
from routing.explain.question import Request
from routing.ir import Proxy

GRPC_STATUS = {400: 13, 401: 16, 403: 7, 404: 12, 429: 14, 502: 14, 503: 14, 504: 14}
UNKNOWN = 2


def place(proxy: Proxy) -> str:
    kind = "gateway" if proxy.gateway else "sidecar"
    return f"{kind} of {proxy.namespace}/{proxy.workload}"


def reply(
    proxy: Proxy,
    request: Request,
    status: int,
    message: str,
    *,
    flags: str = "",
    details: str = "",
    grpc_status: int | None = None,
    location: str = "",
) -> Outcome:
    """All of the requests are answered so; narrow the share with `replace`."""
    if grpc_status is None and request.is_grpc:
        status, grpc_status = 200, GRPC_STATUS.get(status, UNKNOWN)
    return Outcome(
        share=100.0,
        ending=Ending.ANSWERED,
        by=place(proxy),
        message=message,
        status=status,
        grpc_status=grpc_status,
        flags=flags,
        details=details,
        location=location,
    )


def closed(by: str, message: str, *, flags: str = "", details: str = "") -> Outcome:
    return Outcome(
        share=100.0, ending=Ending.CLOSED, by=by, message=message, flags=flags, details=details
    )
