"""Control's side of the agents: joining, certificates, assignments, reports (docs/adr/002).

Two gRPC services with JSON bodies. `join_handler` stands on SIGNING_PORT (server TLS; a join token is
the proof). `AgentService.handler` stands beside ADS on the mTLS port: there the proof is the
agent's own certificate, checked by TLS itself. No ORM call runs on the event loop.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, TypeAlias, TypeVar

import grpc
import grpc.aio
from asgiref.sync import sync_to_async
from django.db import close_old_connections
from django.utils import timezone

from proxy.breakers import ejections
from proxy.identity import certificates, join, rotating, spiffe, wire
from proxy.identity.authority import Authority
from proxy.identity.certificates import Refused, Svid
from proxy.identity.spiffe import WorkloadIdentity
from proxy.identity.trust import Trust
from topology import facade as topology
from topology.contracts import Assignment

T = TypeVar("T")
Context: TypeAlias = "grpc.aio.ServicerContext[bytes, bytes]"
Handler: TypeAlias = "grpc.GenericRpcHandler[Any, Any]"
Unary: TypeAlias = Callable[[bytes, Context], Coroutine[Any, Any, bytes]]

log = logging.getLogger(__name__)

LOOK_AGAIN_SECONDS = 1.0
"""How often a watch looks for changes that no hint told of."""

HEARTBEAT_SECONDS = 10.0


async def in_thread(call: Callable[[], T]) -> T:
    """Run a database call off the event loop, on a connection that is known to work."""

    def run() -> T:
        close_old_connections()
        return call()

    return await sync_to_async(run, thread_sensitive=False)()


def join_handler(trust: Trust) -> Handler:
    """For SIGNING_PORT: an agent's first certificate in exchange for a join token."""

    async def join_mesh(raw: bytes, context: Context) -> bytes:
        authority = trust.authority
        message = await _read(raw, context)
        token = dict(context.invocation_metadata() or ()).get(wire.TOKEN_METADATA, "")
        node = str(message.get("node", ""))
        own = spiffe.agent_id(authority.trust_domain, node)
        signed = authority.sign(str(message.get("csr", "")), own.__eq__, now=timezone.now())
        if isinstance(signed, Refused):  # before the token is used up
            return await _refuse(context, signed.reason)
        if not await in_thread(lambda: join.redeem(str(token), node, now=timezone.now())):
            return await _refuse(context, "the join token is unknown, used or expired")
        log.info("agent of node %s joined", node)
        return wire.encode(_granted(signed, authority))

    return _handlers({wire.JOIN: _unary(join_mesh)})


class AgentService:
    """For the mTLS port. `wake()` makes watches look at once (call it on the event loop)."""

    def __init__(self, trust: Trust) -> None:
        self._trust = trust
        self._woken: set[asyncio.Event] = set()

    def wake(self) -> None:
        for event in self._woken:
            event.set()

    def handler(self) -> Handler:
        return _handlers(
            {
                wire.RENEW: _unary(self._renew),
                wire.SIGN: _unary(self._sign),
                wire.REPORT: _unary(self._report),
                wire.WATCH: grpc.unary_stream_rpc_method_handler(self._watch),
            }
        )

    async def _renew(self, raw: bytes, context: Context) -> bytes:
        """A new certificate for the agent itself."""
        own = spiffe.agent_id(self._domain, await self._node(context))
        return await self._signed(await _read(raw, context), own.__eq__, context)

    async def _sign(self, raw: bytes, context: Context) -> bytes:
        """A certificate for a service account that has a pod on the agent's node."""
        node = await self._node(context)
        assigned = await in_thread(lambda: topology.pods_for_node(node))
        held = {WorkloadIdentity(a.pod.namespace, a.pod.service_account) for a in assigned}
        domain = self._domain
        return await self._signed(
            await _read(raw, context), lambda uri: spiffe.workload_of(domain, uri) in held, context
        )

    async def _signed(
        self, message: dict[str, Any], allowed: Callable[[str], bool], context: Context
    ) -> bytes:
        csr, authority = str(message.get("csr", "")), self._trust.authority
        signed = authority.sign(csr, allowed, now=timezone.now())
        if isinstance(signed, Refused):
            return await _refuse(context, signed.reason)
        return wire.encode(_granted(signed, authority))

    async def _report(self, raw: bytes, context: Context) -> bytes:
        node = await self._node(context)
        message = await _read(raw, context)
        try:
            reports = tuple(wire.report_in(one) for one in message["pods"])
            await in_thread(lambda: rotating.record(node, message["identities"]))
            await in_thread(lambda: ejections.record(node, message.get("ejections") or ()))
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"not a report: {error!r}")
        await in_thread(lambda: topology.report_pods(node, reports))
        return wire.encode({})

    async def _watch(self, raw: bytes, context: Context) -> AsyncIterator[bytes]:  # noqa: ARG002
        """All that the node's agent shall do, again whenever it changes, and a heartbeat in between.

        Ends when the agent's certificate does; it comes back with a newer one.
        """
        node = await self._node(context)
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + self._seconds_left(context)
        woken = asyncio.Event()
        self._woken.add(woken)
        sent: tuple[object, ...] | None = None
        beat_at = 0.0
        try:
            while loop.time() < ends_at:
                woken.clear()
                assigned, renew = await in_thread(lambda: _orders(node))
                authority = self._trust.authority
                if (assigned, renew, authority.version) != sent:
                    sent = (assigned, renew, authority.version)
                    yield wire.encode(
                        {
                            "pods": [wire.assignment_out(a) for a in assigned],
                            "trust": _trusted(authority),
                            "renew": renew,
                        }
                    )
                    beat_at = loop.time() + HEARTBEAT_SECONDS
                elif loop.time() >= beat_at:
                    yield wire.encode({})
                    beat_at = loop.time() + HEARTBEAT_SECONDS
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(woken.wait(), LOOK_AGAIN_SECONDS)
        finally:
            self._woken.discard(woken)

    async def _node(self, context: Context) -> str:
        """The node whose agent calls, by its certificate; anyone else is sent away."""
        uris = (context.auth_context() or {}).get("peer_spiffe_id", ())
        nodes = [spiffe.node_of(self._domain, uri.decode()) for uri in uris]
        if len(nodes) == 1 and nodes[0] is not None:
            return nodes[0]
        who = b", ".join(uris).decode() or "a stranger"
        log.warning("refused %s: %s is no agent", context.peer(), who)
        await context.abort(grpc.StatusCode.PERMISSION_DENIED, "only agents may call this")
        raise AssertionError("abort raises")

    @property
    def _domain(self) -> str:
        return self._trust.authority.trust_domain

    @staticmethod
    def _seconds_left(context: Context) -> float:
        pem = next(iter((context.auth_context() or {}).get("x509_pem_cert", (b"",))))
        return (certificates.not_after(pem.decode()) - timezone.now()).total_seconds()


def _granted(svid: Svid, authority: Authority) -> dict[str, Any]:
    return {
        "certificate": svid.certificate_pem,
        **_trusted(authority),
        "not_before": svid.not_before.timestamp(),
        "not_after": svid.not_after.timestamp(),
    }


def _trusted(authority: Authority) -> dict[str, Any]:
    return {
        "roots": authority.roots_pem,
        "issuer": authority.issuer,
        "version": authority.version,
    }


def _orders(node: str) -> tuple[tuple[Assignment, ...], tuple[str, ...]]:
    return topology.pods_for_node(node), rotating.to_renew(node)


async def _read(raw: bytes, context: Context) -> dict[str, Any]:
    try:
        return wire.decode(raw)
    except ValueError:
        await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "the request is not a JSON object")
        raise AssertionError("abort raises") from None


async def _refuse(context: Context, reason: str) -> bytes:
    log.warning("refused %s: %s", context.peer(), reason)
    await context.abort(grpc.StatusCode.PERMISSION_DENIED, reason)
    raise AssertionError("abort raises")


def _unary(behaviour: Unary) -> "grpc.RpcMethodHandler[bytes, bytes]":
    return grpc.unary_unary_rpc_method_handler(behaviour)


def _handlers(methods: dict[str, Any]) -> Handler:
    return grpc.method_handlers_generic_handler(wire.SERVICE, methods)
