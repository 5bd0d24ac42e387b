"""Control's side of questions about running Envoys: from the web over the broker to the agent.

The web publishes a question on `CHANNEL`. Every control process says whether it can pass it on, and
the one that has the line of the Envoy's agent answers.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Coroutine
from typing import Any, TypeAlias
from uuid import uuid4

import grpc
import grpc.aio
from django.utils import timezone

from proxy.identity import certificates, envoys, spiffe, wire
from proxy.identity.service import in_thread
from topology import facade as topology

log = logging.getLogger(__name__)

CHANNEL = "meshweb:envoys"
PATIENCE_SECONDS = 8.0
KEPT_SECONDS = 15
RETRY_SECONDS = 1.0
HEARTBEAT_SECONDS = 10.0
NOT_HERE = b"{}"

Context: TypeAlias = "grpc.aio.ServicerContext[bytes, bytes]"
Queue: TypeAlias = "asyncio.Queue[dict[str, Any]]"


class Questions:
    """For the mTLS port. Everything runs on the event loop."""

    def __init__(self, trust_domain: str, broker_url: str) -> None:
        self._trust_domain = trust_domain
        self._broker_url = broker_url
        self._lines: dict[str, Queue] = {}
        self._open: dict[str, tuple[str, asyncio.Future[dict[str, Any]]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def handler(self) -> "grpc.GenericRpcHandler[Any, Any]":
        return grpc.method_handlers_generic_handler(
            envoys.SERVICE,
            {
                envoys.QUESTIONS: grpc.unary_stream_rpc_method_handler(self._questions),
                envoys.ANSWER: grpc.unary_unary_rpc_method_handler(self._answer),
            },
        )

    async def ask(self, proxy_id: str, question: dict[str, Any]) -> dict[str, Any] | None:
        """The agent's answer about one Envoy; None when its agent is not on a line of ours."""
        found = await in_thread(lambda: _pod_of(proxy_id, tuple(self._lines)))
        line = self._lines.get(found[0]) if found is not None else None
        if found is None or line is None:
            return None
        number = str(uuid4())
        told: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._open[number] = (found[0], told)
        line.put_nowait({**question, "id": number, "uid": found[1]})
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await told
        except TimeoutError:
            return {"status": envoys.AWAY, "error": "its agent does not answer"}
        finally:
            del self._open[number]

    # The agents

    async def _questions(self, raw: bytes, context: Context) -> AsyncIterator[bytes]:  # noqa: ARG002
        """What is asked of the calling agent's Envoys; ends with its certificate."""
        node = await self._node(context)
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + _seconds_left(context)
        line: Queue = asyncio.Queue()
        self._lines[node] = line
        try:
            while loop.time() < ends_at:
                try:
                    async with asyncio.timeout(HEARTBEAT_SECONDS):
                        asked = await line.get()
                except TimeoutError:
                    asked = {}
                yield wire.encode(asked)
        finally:
            if self._lines.get(node) is line:
                del self._lines[node]

    async def _answer(self, raw: bytes, context: Context) -> bytes:
        node = await self._node(context)
        try:
            told = wire.decode(raw)
        except ValueError:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "not a JSON object")
        asked = self._open.get(str(told.get("id", "")))
        # only the agent that was asked may answer
        if asked is not None and asked[0] == node and not asked[1].done():
            asked[1].set_result(told)
        return wire.encode({})

    async def _node(self, context: Context) -> str:
        uris = (context.auth_context() or {}).get("peer_spiffe_id", ())
        nodes = [spiffe.node_of(self._trust_domain, uri.decode()) for uri in uris]
        if len(nodes) == 1 and nodes[0] is not None:
            return nodes[0]
        await context.abort(grpc.StatusCode.PERMISSION_DENIED, "only agents may call this")
        raise AssertionError("abort raises")

    # The web

    async def run(self) -> None:
        """Hear what the web asks, for ever; a broker that is away is waited for."""
        from redis.asyncio import Redis  # noqa: PLC0415  serving need not wait for it
        from redis.exceptions import RedisError  # noqa: PLC0415

        broker = Redis.from_url(self._broker_url)
        try:
            while True:
                try:
                    async with broker.pubsub(ignore_subscribe_messages=True) as heard:
                        await heard.subscribe(CHANNEL)
                        async for message in heard.listen():
                            self._begin(self._pass_on(broker, message["data"]))
                except (RedisError, OSError) as error:
                    log.debug("no questions from the broker: %s", error)
                await asyncio.sleep(RETRY_SECONDS)
        finally:
            for task in self._tasks:
                task.cancel()
            await broker.aclose()

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _pass_on(self, broker: Any, raw: bytes) -> None:
        from redis.exceptions import RedisError  # noqa: PLC0415

        try:
            asked = json.loads(raw)
            proxy_id, reply = str(asked.pop("proxy")), str(asked.pop("reply"))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            log.warning("ignored a question about an Envoy that is none")
            return
        try:
            told = await self.ask(proxy_id, asked)
        except Exception:
            log.exception("could not ask about %s", proxy_id)
            told = None
        with contextlib.suppress(RedisError, OSError):
            await broker.rpush(reply, NOT_HERE if told is None else json.dumps(told))
            await broker.expire(reply, KEPT_SECONDS)


def _pod_of(proxy_id: str, nodes: tuple[str, ...]) -> tuple[str, str] | None:
    """The node and the uid of a proxy's pod, if it runs on one of these nodes."""
    found = (pod for pod in topology.registry().pods if pod.proxy_id == proxy_id)
    return next(((pod.node, pod.uid) for pod in found if pod.node in nodes), None)


def _seconds_left(context: Context) -> float:
    pem = next(iter((context.auth_context() or {}).get("x509_pem_cert", (b"",))))
    return (certificates.not_after(pem.decode()) - timezone.now()).total_seconds()
