"""Bodies that many proxies get are put together once, and a fleet's large ones do not pile up."""

import asyncio

from proxy.ads.responses import LARGE_BYTES, MANY, Responses, is_large
from proxy.ads.server import MOST_LARGE, _Turns
from proxy.ads.session import Send
from proxy.xds.messages import ROUTES, message
from proxy.xds.snapshot import Resource
from proxy.xds.wire import resource

OUTBOUND = Resource("outbound", "1", resource("outbound", "1", ROUTES, (b"\x0a\x08", b"outbound")))


def test_proxies_at_the_same_point_get_the_same_bytes() -> None:
    made = Responses()
    first = made.serialise(Send(ROUTES, "7", (OUTBOUND,)))
    assert made.serialise(Send(ROUTES, "7", (OUTBOUND,))) is first
    read = message("envoy.service.discovery.v3.DeltaDiscoveryResponse").FromString(first)
    assert (read.type_url, read.nonce) == (ROUTES, "7")
    assert [(one.name, one.version, one.resource.type_url) for one in read.resources] == [
        ("outbound", "1", ROUTES)
    ]
    assert read.resources[0].resource.value == b"\x0a\x08outbound"


def numbered(name: str, size: int = 1) -> Resource:
    return Resource(name, "1", resource(name, "1", ROUTES, (b"\x0a", b"x" * size)))


def test_many_resources_that_end_differently_are_what_they_are() -> None:
    made = Responses()
    common = tuple(numbered(f"of-all-{index}") for index in range(MANY))
    for own in ("first", "second"):
        every = (*common, numbered(own))
        body = made.serialise(Send(ROUTES, "1", every))
        read = message("envoy.service.discovery.v3.DeltaDiscoveryResponse").FromString(body)
        assert [one.name for one in read.resources] == [one.name for one in every]


def test_what_is_large_together_is_large() -> None:
    half = LARGE_BYTES // 2
    assert is_large(Send(ROUTES, "1", (numbered("a", half), numbered("b", half))))
    assert not is_large(Send(ROUTES, "1", (numbered("a", half),)))


def test_a_large_response_waits_for_its_turn_and_a_small_one_never() -> None:
    async def under_way() -> tuple[int, int]:
        turns, going, stop = _Turns(), 0, asyncio.Event()

        async def send(*, large: bool) -> None:
            nonlocal going
            async with turns.turn(large=large):
                going += 1
                await stop.wait()

        async def count(*, large: bool) -> int:
            nonlocal going
            going = 0
            sending = [asyncio.ensure_future(send(large=large)) for _ in range(MOST_LARGE + 5)]
            await asyncio.sleep(0.05)
            found = going
            stop.set()
            await asyncio.gather(*sending)
            stop.clear()
            return found

        return await count(large=True), await count(large=False)

    assert asyncio.run(under_way()) == (MOST_LARGE, MOST_LARGE + 5)
