"""Secret discovery for one Envoy, on its own Unix socket: delta SDS over plain gRPC."""

import asyncio
import hashlib
import logging
import os
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import grpc.aio

from proxy.agent.svids import Identity
from proxy.xds.messages import SECRET, message, packed

log = logging.getLogger(__name__)

CERTIFICATE, ROOTS = "default", "ROOTCA"
_SERVICE = "envoy.service.secret.v3.SecretDiscoveryService"
_TLS = "envoy.extensions.transport_sockets.tls.v3."
_DISCOVERY = "envoy.service.discovery.v3."

Secrets = Mapping[str, tuple[str, Any]]
"""Name -> (version, the secret packed as Any)."""


def secrets(identity: Identity) -> Secrets:
    """The two secrets every Envoy of the mesh asks its agent for."""
    own = message(f"{_TLS}Secret")(
        name=CERTIFICATE,
        tls_certificate={
            "certificate_chain": {"inline_string": identity.certificate_pem},
            "private_key": {"inline_string": identity.key_pem},
        },
    )
    roots = message(f"{_TLS}Secret")(
        name=ROOTS, validation_context={"trusted_ca": {"inline_string": identity.roots_pem}}
    )
    return {
        CERTIFICATE: (_version(identity.certificate_pem), packed(own)),
        ROOTS: (_version(identity.roots_pem), packed(roots)),
    }


def _version(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@dataclass(slots=True)
class Subscription:
    """What one stream has asked for and been given. Pure: requests in, responses out."""

    _wanted: set[str] = field(default_factory=set)
    _given: dict[str, str] = field(default_factory=dict)
    _unanswered: dict[str, dict[str, str]] = field(default_factory=dict)
    _taken: dict[str, str] = field(default_factory=dict)
    _sent: int = 0

    @property
    def wanted(self) -> frozenset[str]:
        return frozenset(self._wanted)

    def has_taken(self, current: Secrets) -> bool:
        """Whether Envoy has acknowledged all that it wants, as it is now."""
        return all(
            name in current and self._taken.get(name) == current[name][0] for name in self._wanted
        )

    def receive(self, request: Any) -> None:
        answered = self._unanswered.pop(request.response_nonce, {})
        if request.HasField("error_detail"):
            log.warning("Envoy refused a secret: %s", request.error_detail.message)
        else:
            self._taken.update(answered)
        self._taken.update(request.initial_resource_versions)
        self._wanted |= set(request.resource_names_subscribe)
        self._given.update(request.initial_resource_versions)
        for name in request.resource_names_subscribe:
            if name not in request.initial_resource_versions:
                self._given.pop(name, None)  # who asks again is answered again
        for name in request.resource_names_unsubscribe:
            self._wanted.discard(name)
            self._given.pop(name, None)
            self._taken.pop(name, None)

    def due(self, current: Secrets) -> Any | None:
        """The response that brings Envoy up to date, if it is not."""
        news = {
            name: current[name]
            for name in sorted(self._wanted & current.keys())
            if self._given.get(name) != current[name][0]
        }
        if not news:
            return None
        self._sent += 1
        given = {name: version for name, (version, _) in news.items()}
        self._given.update(given)
        self._unanswered[str(self._sent)] = given
        return message(f"{_DISCOVERY}DeltaDiscoveryResponse")(
            type_url=SECRET,
            nonce=str(self._sent),
            resources=[
                {"name": name, "version": version, "resource": secret}
                for name, (version, secret) in news.items()
            ],
        )


class SdsServer:
    """Serves one identity on one socket (0600); `offer` replaces it and tells the open streams.

    `held` is the identity that Envoy has acknowledged last, all of it on all its streams; `on_held`
    is called when that changes.
    """

    def __init__(self, socket: Path, on_held: Callable[[], None] = lambda: None) -> None:
        self.held: Identity | None = None
        self._socket = socket
        self._on_held = on_held
        self._identity: Identity | None = None
        self._current: Secrets = {}
        self._streams: dict[int, Subscription] = {}
        self._woken: set[asyncio.Event] = set()
        self._server: grpc.aio.Server | None = None

    async def start(self) -> None:
        self._socket.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._socket.unlink(missing_ok=True)  # a killed agent leaves its socket behind
        server = grpc.aio.server()
        server.add_generic_rpc_handlers((self._handler(),))
        old = os.umask(0o177)  # the socket is born 0600
        try:
            server.add_insecure_port(f"unix:{self._socket}")
        finally:
            os.umask(old)
        await server.start()
        self._server = server

    async def stop(self) -> None:
        if self._server is not None:
            await self._server.stop(grace=None)
        self._socket.unlink(missing_ok=True)

    def offer(self, identity: Identity) -> None:
        self._identity, self._current = identity, secrets(identity)
        for event in self._woken:
            event.set()

    def _look(self) -> None:
        """Note it when Envoy has taken all of what is offered."""
        streams = self._streams.values()
        wanted = frozenset().union(*(one.wanted for one in streams))
        if not wanted >= {CERTIFICATE, ROOTS} or self.held == self._identity:
            return
        if all(one.has_taken(self._current) for one in streams):
            self.held = self._identity
            self._on_held()

    def _handler(self) -> Any:
        method = grpc.stream_stream_rpc_method_handler(
            self._stream,
            message(f"{_DISCOVERY}DeltaDiscoveryRequest").FromString,
            message(f"{_DISCOVERY}DeltaDiscoveryResponse").SerializeToString,
        )
        return grpc.method_handlers_generic_handler(_SERVICE, {"DeltaSecrets": method})

    async def _stream(self, requests: AsyncIterator[Any], _context: Any) -> AsyncIterator[Any]:
        subscription, woken = Subscription(), asyncio.Event()
        ended = False

        async def listen() -> None:
            nonlocal ended
            try:
                async for request in requests:
                    subscription.receive(request)
                    self._look()
                    woken.set()
            finally:
                ended = True
                woken.set()

        listening = asyncio.create_task(listen())
        self._woken.add(woken)
        self._streams[id(subscription)] = subscription
        try:
            while not ended:
                await woken.wait()
                woken.clear()
                if (response := subscription.due(self._current)) is not None:
                    yield response
        finally:
            self._woken.discard(woken)
            del self._streams[id(subscription)]
            listening.cancel()
