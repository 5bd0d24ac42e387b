"""Counts what agents ask of the certificate authority, whatever becomes of it."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import grpc
import grpc.aio

from proxy.identity import wire

_ASKING = frozenset(wire.method(name) for name in (wire.JOIN, wire.RENEW, wire.SIGN))


class Counting(Protocol):
    """Called on the event loop."""

    def certificate_asked(self) -> None: ...

    def certificate_answered(self, *, signed: bool) -> None: ...


class CertificateCounter(grpc.aio.ServerInterceptor):  # type: ignore[type-arg]  # generic in stubs only
    """Stands before the servers of agents; every other call passes untouched."""

    def __init__(self, counting: Counting) -> None:
        self._counting = counting

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        details: grpc.HandlerCallDetails,
    ) -> Any:
        handler = await continuation(details)
        if handler is None or details.method not in _ASKING:
            return handler
        behaviour = handler.unary_unary

        async def counted(raw: bytes, context: Any) -> bytes:
            self._counting.certificate_asked()
            try:
                answer: bytes = await behaviour(raw, context)
            except grpc.aio.AbortError:
                self._counting.certificate_answered(signed=False)
                raise
            self._counting.certificate_answered(signed=True)
            return answer

        return grpc.unary_unary_rpc_method_handler(counted)
