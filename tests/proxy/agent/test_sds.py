"""What Envoy is told of its secrets, as a dialogue."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import grpc.aio

from proxy.agent.sds import SdsServer, Subscription, secrets
from proxy.agent.svids import Identity
from proxy.xds.messages import message

ASKING = message("envoy.service.discovery.v3.DeltaDiscoveryRequest")
ANSWER = message("envoy.service.discovery.v3.DeltaDiscoveryResponse")
FIRST = Identity(
    uri="spiffe://cluster.local/ns/shop/sa/cart",
    key_pem="key",
    certificate_pem="certificate",
    roots_pem="roots",
    not_before=0,
    not_after=1,
)
RENEWED = replace(FIRST, certificate_pem="renewed")


def names(response: Any) -> list[str]:
    return [r.name for r in response.resources] if response else []


def test_what_is_asked_for_is_given_once_and_again_when_it_changes() -> None:
    stream = Subscription()
    stream.receive(ASKING(resource_names_subscribe=["default", "ROOTCA"]))
    assert names(stream.due(secrets(FIRST))) == ["ROOTCA", "default"]
    assert stream.due(secrets(FIRST)) is None
    assert names(stream.due(secrets(RENEWED))) == ["default"]


def test_without_an_identity_envoy_waits() -> None:
    stream = Subscription()
    stream.receive(ASKING(resource_names_subscribe=["default"]))
    assert stream.due({}) is None
    assert names(stream.due(secrets(FIRST))) == ["default"]


def test_an_envoy_that_comes_back_is_given_only_what_is_new() -> None:
    stream = Subscription()
    known = {name: version for name, (version, _) in secrets(FIRST).items()}
    stream.receive(
        ASKING(resource_names_subscribe=["default", "ROOTCA"], initial_resource_versions=known)
    )
    assert stream.due(secrets(FIRST)) is None
    assert names(stream.due(secrets(RENEWED))) == ["default"]


def test_who_unsubscribes_is_left_alone_and_who_asks_again_is_answered_again() -> None:
    stream = Subscription()
    stream.receive(ASKING(resource_names_subscribe=["default"]))
    stream.due(secrets(FIRST))
    stream.receive(ASKING(resource_names_unsubscribe=["default"]))
    assert stream.due(secrets(RENEWED)) is None
    stream.receive(ASKING(resource_names_subscribe=["default"]))
    assert names(stream.due(secrets(RENEWED))) == ["default"]


def test_what_envoy_has_acknowledged_is_told_apart_from_what_it_was_sent() -> None:
    stream = Subscription()
    stream.receive(ASKING(resource_names_subscribe=["default", "ROOTCA"]))
    first, renewed = secrets(FIRST), secrets(RENEWED)
    sent: Any = stream.due(first)
    assert not stream.has_taken(first)
    stream.receive(ASKING(response_nonce=sent.nonce))
    assert stream.has_taken(first)
    assert not stream.has_taken(renewed)
    refused: Any = stream.due(renewed)
    stream.receive(ASKING(response_nonce=refused.nonce, error_detail={"code": 13}))
    assert not stream.has_taken(renewed)


async def test_a_renewed_identity_reaches_an_open_stream(tmp_path: Path) -> None:
    socket = tmp_path / "s"
    server = SdsServer(socket)
    server.offer(FIRST)
    await server.start()
    try:
        assert oct(socket.stat().st_mode & 0o777) == "0o600"
        asked = asyncio.Event()

        async def requests() -> AsyncIterator[Any]:
            yield ASKING(resource_names_subscribe=["default"])
            await asked.wait()

        async with grpc.aio.insecure_channel(f"unix:{socket}") as channel:
            stream = channel.stream_stream(
                "/envoy.service.secret.v3.SecretDiscoveryService/DeltaSecrets",
                ASKING.SerializeToString,
                ANSWER.FromString,
            )(requests())
            assert names(await stream.read()) == ["default"]
            server.offer(RENEWED)
            assert names(await stream.read()) == ["default"]
            stream.cancel()
        asked.set()
    finally:
        await server.stop()
