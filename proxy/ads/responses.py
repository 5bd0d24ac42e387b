"""Responses as bytes: one that many proxies get is put together once."""

from proxy.ads.session import Request, Send
from proxy.xds import wire
from proxy.xds.messages import message
from proxy.xds.snapshot import Resource

_MOST = 128

Key = tuple[str, tuple[Resource, ...], tuple[str, ...]]


class Responses:
    """Remembers the latest bodies; only the nonce is each stream's own."""

    def __init__(self) -> None:
        self._bodies: dict[Key, bytes] = {}

    def serialise(self, send: Send) -> bytes:
        key = (send.type_url, send.resources, send.removed)
        body = self._bodies.get(key)
        if body is None:
            body = wire.delta_response(
                send.type_url, (one.wire for one in send.resources), send.removed
            )
            if len(self._bodies) >= _MOST:
                self._bodies.pop(next(iter(self._bodies)))
            self._bodies[key] = body
        return body + wire.nonce(send.nonce)


def parse(raw: bytes) -> tuple[str, Request]:
    """The node id ("" after the first message) and the request. Raises DecodeError."""
    read = message("envoy.service.discovery.v3.DeltaDiscoveryRequest").FromString(raw)
    return read.node.id, Request(
        type_url=read.type_url,
        subscribe=tuple(read.resource_names_subscribe),
        unsubscribe=tuple(read.resource_names_unsubscribe),
        initial_versions=dict(read.initial_resource_versions),
        nonce=read.response_nonce,
        error=read.error_detail.message if read.HasField("error_detail") else None,
    )
