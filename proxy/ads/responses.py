"""Responses as bytes: one that many proxies get is put together once."""

from proxy.ads.session import Request, Send
from proxy.xds import wire
from proxy.xds.messages import message
from proxy.xds.snapshot import Resource

_MOST_BYTES = 32 * 2**20

LARGE_BYTES = 64 * 1024
MANY = 64
OWN = 16
"""Of many resources all but so many at the end are taken to be what others get, too."""

Key = tuple[str, tuple[Resource, ...], tuple[str, ...], str]


class Responses:
    """Remembers the latest bodies, with their nonces: proxies that come and go together count alike."""

    def __init__(self) -> None:
        self._bodies: dict[Key, bytes] = {}
        self._size = 0
        self._common: dict[str, tuple[tuple[Resource, ...], bytes]] = {}

    def serialise(self, send: Send) -> bytes:
        key = (send.type_url, send.resources, send.removed, send.nonce)
        body = self._bodies.get(key)
        if body is None:
            parts = self._parts(send.type_url, send.resources)
            body = wire.delta_response(send.type_url, parts, send.removed, send.nonce)
            self._bodies[key] = body
            self._size += len(body)
            while self._size > _MOST_BYTES:
                self._size -= len(self._bodies.pop(next(iter(self._bodies))))
        return body

    def _parts(self, type_url: str, resources: tuple[Resource, ...]) -> list[bytes]:
        """What one proxy after another gets of many is put together once."""
        if len(resources) < MANY:
            return [one.wire for one in resources]
        common, joined = self._common.get(type_url, ((), b""))
        if not common or resources[: len(common)] != common:
            common = resources[:-OWN]
            joined = b"".join([one.wire for one in common])
            self._common[type_url] = (common, joined)
        return [joined, *(one.wire for one in resources[len(common) :])]


def is_large(send: Send) -> bool:
    size = 0
    for one in send.resources:
        size += len(one.wire)
        if size >= LARGE_BYTES:
            return True
    return False


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
