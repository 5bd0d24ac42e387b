"""Simulated proxies: delta ADS over bare HTTP/2, so lean that the server is what is measured.

`python -m benchmarks.push_clients HOST PORT` opens a connection for each node id that it reads, one
a line, and acknowledges whatever comes until it is killed.
"""

import asyncio
import struct
import sys
from functools import partial
from typing import cast

import uvloop

from proxy.agent.bootstrap import WINDOW_BYTES
from proxy.xds.messages import CLUSTER, ENDPOINTS, LISTENER, ROUTES
from proxy.xds.wire import field, text

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 4, 6, 7, 8
ACK, END_HEADERS = 0x1, 0x4
STREAM = 1
PATH = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources"


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return (
        struct.pack(">I", len(payload))[1:]
        + bytes((kind, flags))
        + struct.pack(">I", stream)
        + payload
    )


def literal(name: str, value: str) -> bytes:
    """One header, written out (HPACK literal without indexing)."""
    assert len(name) < 127
    assert len(value) < 127
    return b"\0" + bytes((len(name),)) + name.encode() + bytes((len(value),)) + value.encode()


def opening() -> bytes:
    """Everything up to the first message, with the windows of an Envoy."""
    headers = b"".join(
        literal(name, value)
        for name, value in (
            (":method", "POST"),
            (":scheme", "http"),
            (":path", PATH),
            (":authority", "control"),
            ("te", "trailers"),
            ("content-type", "application/grpc"),
        )
    )
    return b"".join(
        (
            PREFACE,
            frame(SETTINGS, 0, 0, struct.pack(">HIHI", 4, WINDOW_BYTES, 5, 2**24 - 1)),
            frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", WINDOW_BYTES - 65_535)),
            frame(HEADERS, END_HEADERS, STREAM, headers),
        )
    )


def message(content: bytes) -> bytes:
    """A gRPC message in a DATA frame."""
    return frame(DATA, 0, STREAM, b"\0" + struct.pack(">I", len(content)) + content)


def request(type_url: str, *, node: str = "", nonce: str = "") -> bytes:
    """A `DeltaDiscoveryRequest`: a wildcard subscription, or an acknowledgement."""
    who = field(1, text(1, node)) if node else b""
    subscribe = b"" if nonce else text(3, "*")
    return message(who + text(2, type_url) + subscribe + text(6, nonce))


def answer_to(response: bytes) -> bytes:
    """The acknowledgement of a `DeltaDiscoveryResponse`; skips over its resources."""
    type_url = nonce = ""
    at, end = 0, len(response)
    while at < end:
        number = response[at] >> 3
        at += 1
        length = shift = 0
        while True:
            byte = response[at]
            at += 1
            length |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
            shift += 7
        if number == 4:
            type_url = response[at : at + length].decode()
        elif number == 5:
            nonce = response[at : at + length].decode()
        at += length
    return request(type_url, nonce=nonce)


class Client(asyncio.Protocol):
    """One simulated proxy on one connection."""

    def __init__(self, node: str) -> None:
        self._node = node
        self._unread = bytearray()
        self._body = bytearray()
        self._consumed = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are none of asyncio's classes
        self._transport = cast("asyncio.Transport", transport)
        first = request(CLUSTER, node=self._node)
        rest = b"".join(request(url) for url in (ENDPOINTS, LISTENER, ROUTES))
        self._transport.write(opening() + first + rest)

    def data_received(self, data: bytes) -> None:
        unread = self._unread
        unread += data
        at = 0
        while len(unread) - at >= 9:
            length = int.from_bytes(unread[at : at + 3], "big")
            if len(unread) - at < 9 + length:
                break
            self._on_frame(unread[at + 3], unread[at + 4], bytes(unread[at + 9 : at + 9 + length]))
            at += 9 + length
        del unread[:at]

    def _on_frame(self, kind: int, flags: int, payload: bytes) -> None:
        if kind == DATA:
            self._body += payload
            self._open_window(len(payload))
            self._read_messages()
        elif kind == SETTINGS and not flags & ACK:
            self._transport.write(frame(SETTINGS, ACK, 0, b""))
        elif kind == PING and not flags & ACK:
            self._transport.write(frame(PING, ACK, 0, payload))
        elif kind == GOAWAY:
            self._transport.close()

    def _open_window(self, read: int) -> None:
        self._consumed += read
        if self._consumed < WINDOW_BYTES // 2:
            return
        more, self._consumed = struct.pack(">I", self._consumed), 0
        updates = (frame(WINDOW_UPDATE, 0, of, more) for of in (0, STREAM))
        self._transport.write(b"".join(updates))

    def _read_messages(self) -> None:
        body = self._body
        while len(body) >= 5:
            end = 5 + int.from_bytes(body[1:5], "big")
            if len(body) < end:
                return
            answer = answer_to(bytes(body[5:end]))
            del body[:end]
            self._transport.write(answer)


async def main(host: str, port: int, nodes: list[str]) -> None:
    loop = asyncio.get_running_loop()
    for node in nodes:
        await loop.create_connection(partial(Client, node), host, port)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], int(sys.argv[2]), sys.stdin.read().split()))
