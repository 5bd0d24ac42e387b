"""Responses as bytes: one that many proxies get is put together once."""

from proxy.ads.session import Request, Send
from proxy.xds import wire
from proxy.xds.messages import message
from proxy.xds.snapshot import Resource

_MOST_BYTES = 32 * 2**20

Key = tuple[str, tuple[Resource, ...], tuple[str, ...], str]


class Responses:
    """Remembers the latest bodies, with their nonces: proxies that come and go together count alike."""

    def __init__(self) -> None:
        self._bodies: dict[Key, bytes] = {}
        self._size = 0

    def serialise(self, send: Send) -> bytes:
        key = (send.type_url, send.resources, send.removed, send.nonce)
        body = self._bodies.get(key)
        if body is None:
            body = wire.delta_response(
                send.type_url, (one.wire for one in send.resources), send.removed, send.nonce
            )
            self._bodies[key] = body
            self._size += len(body)
            while self._size > _MOST_BYTES:
                self._size -= len(self._bodies.pop(next(iter(self._bodies))))
        return body


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
