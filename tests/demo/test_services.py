"""Each service on its own, over real sockets."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import pytest

from demo.shop import carrier, datastore, ratings, recommendations, trace_context
from demo.shop.client import Upstream, UpstreamFailed, read_response
from demo.shop.messages import BadMessage, Request, Response, json_response
from demo.shop.payments import Fault, Payments
from demo.shop.server import Application, Route, Server


@asynccontextmanager
async def serving(routes: Iterable[Route]) -> AsyncIterator[Upstream]:
    server = Server(Application(routes))
    port = await server.start("127.0.0.1", 0)
    upstream = Upstream("peer", "peer.shop:8080", ("127.0.0.1", port))
    yield upstream
    await upstream.close()
    await server.stop()


async def raw(upstream: Upstream, message: bytes) -> Response:
    reader, writer = await asyncio.open_connection(*upstream.address)
    writer.write(message)
    response, _ = await read_response(reader)
    writer.close()
    return response


@pytest.fixture
async def store(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[str, int]]:
    server = await datastore.start("127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    monkeypatch.setenv("DATASTORE_SERVICE_HOST", host)
    monkeypatch.setenv("DATASTORE_SERVICE_PORT", str(port))
    yield host, port
    server.close()


async def test_every_service_says_that_it_is_ready() -> None:
    async with serving(()) as peer:
        answer = (await peer.get("/healthz")).json()
        assert {"status": "ok", "version": "v1"}.items() <= answer.items()


async def test_the_host_is_what_callers_name_and_the_trace_goes_on() -> None:
    seen: list[Request] = []

    async def note(request: Request) -> Response:
        seen.append(request)
        return json_response({})

    trace = {
        "traceparent": "00-" + "a" * 32 + "-" + "b" * 16 + "-01",
        "tracestate": "x=1",
        "b3": "0",
        "x-request-id": "r1",
        "baggage": "k=v",
    }
    async with serving([Route("GET", "/end", note)]) as last:

        async def pass_on(_: Request) -> Response:
            return await last.get("/end")

        async with serving([Route("GET", "/", pass_on)]) as first:
            headers = "".join(f"{name}: {value}\r\n" for name, value in trace.items())
            await raw(first, f"GET / HTTP/1.1\r\nHost: x\r\n{headers}Cookie: c\r\n\r\n".encode())
    assert seen[0].headers["host"] == "peer.shop:8080"
    assert {n: v for n, v in seen[0].headers.items() if n in trace_context.PROPAGATED} == trace
    assert "cookie" not in seen[0].headers


async def test_with_an_egress_address_calls_go_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REVIEWS_URL", "http://reviews.shop:8080")
    assert Upstream.from_environment("reviews").address == ("reviews.shop", 8080)
    monkeypatch.setenv("MESHWEB_EGRESS", "127.68.0.2:15001")
    reviews = Upstream.from_environment("reviews")
    assert (reviews.host, reviews.address) == ("reviews.shop:8080", ("127.68.0.2", 15001))


async def test_a_chunked_body_is_read_whole() -> None:
    async def echo(request: Request) -> Response:
        return Response(body=request.body)

    async with serving([Route("POST", "/", echo)]) as peer:
        head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        answer = await raw(peer, head + b"4\r\nmesh\r\n3;x=y\r\nweb\r\n0\r\n\r\n")
    assert answer.body == b"meshweb"


@pytest.mark.parametrize(
    "message",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon here\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 999999999\r\n\r\n",
    ],
)
async def test_what_is_not_http_is_answered_with_400(message: bytes) -> None:
    async with serving(()) as peer:
        assert (await raw(peer, message)).status == 400


async def test_a_kept_connection_that_died_is_replaced_unnoticed() -> None:
    async def ok(_: Request) -> Response:
        return json_response({"ok": True})

    server = Server(Application([Route("GET", "/", ok)]))
    port = await server.start("127.0.0.1", 0)
    peer = Upstream("peer", "peer", ("127.0.0.1", port))
    assert (await peer.get("/")).status == 200
    await server.stop()
    again = Server(Application([Route("GET", "/", ok)]))
    await again.start("127.0.0.1", port)
    assert (await peer.get("/")).status == 200
    await peer.close()
    await again.stop()


async def test_a_failing_upstream_makes_502_and_says_who() -> None:
    async def broken(_: Request) -> Response:
        return json_response({}, 503)

    async with serving([Route("GET", "/", broken)]) as below:

        async def ask(_: Request) -> Response:
            return await below.get("/")

        async with serving([Route("GET", "/", ask)]) as peer:
            answer = await raw(peer, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert (answer.status, answer.json()) == (502, {"error": "peer: answered 503"})
            with pytest.raises(UpstreamFailed):
                await peer.get("/")


async def test_a_bug_in_a_handler_is_500_and_the_service_lives_on() -> None:
    async def bug(_: Request) -> Response:
        raise KeyError("x")

    async with serving([Route("GET", "/", bug)]) as peer:
        assert (await raw(peer, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")).status == 500
        assert (await peer.get("/healthz")).status == 200


async def test_the_datastore_keeps_and_forgets(store: tuple[str, int]) -> None:
    reader, writer = await asyncio.open_connection(*store)
    writer.write(b"GET a\nSET a 1\nGET a\nDEL a\nGET a\nPUT a\n")
    answers = [(await reader.readline()).decode().strip() for _ in range(6)]
    assert answers == [
        "NONE", "OK", "VALUE 1", "OK", "NONE", "ERROR say GET key, SET key value or DEL key",
    ]  # fmt: skip
    writer.close()


async def test_the_datastore_makes_room_for_new_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datastore, "MAX_KEYS", 2)
    kept = datastore.Store()
    for key in "abc":
        kept.answer(f"SET {key} 1")
    assert [kept.answer(f"GET {key}") for key in "abc"] == ["NONE", "VALUE 1", "VALUE 1"]


async def test_payments_fail_as_dialled(store: tuple[str, int]) -> None:
    charge = {"visitor": "eve", "amount_cents": 100}
    async with serving(Payments(Fault()).routes()) as payments:
        paid = await payments.call("POST", "/charges", charge)
        assert (paid.status, len(paid.json()["receipt"])) == (200, 12)
        dialled = await payments.call("POST", "/fault", {"error_percent": 100})
        assert dialled.json() == {"error_percent": 100.0, "latency_ms": 0.0}
        with pytest.raises(UpstreamFailed, match="answered 500"):
            await payments.call("POST", "/charges", charge)
        await payments.call("POST", "/fault", {"latency_ms": 60})
        began = asyncio.get_running_loop().time()
        await payments.call("POST", "/charges", charge)
        assert asyncio.get_running_loop().time() - began >= 0.06
        assert (await payments.get("/fault")).json() == {"error_percent": 0.0, "latency_ms": 60.0}


@pytest.mark.parametrize(
    "fault",
    [{"error_percent": 101}, {"latency_ms": -1}, {"errors": 1}, {"latency_ms": "slow"}],
)
def test_a_fault_outside_its_limits_is_refused(fault: dict[str, object]) -> None:
    with pytest.raises(BadMessage):
        Fault.parse(fault)


async def test_payments_without_their_datastore_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATASTORE_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("DATASTORE_SERVICE_PORT", "1")
    async with serving(Payments(Fault()).routes()) as payments:
        body = b'{"visitor": "eve", "amount_cents": 1}'
        head = f"POST /charges HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        answer = await raw(payments, head.encode() + body)
        assert answer.status == 502
        assert answer.json()["error"].startswith("datastore: ConnectionRefusedError")


async def test_recommendations_answer_over_grpc(monkeypatch: pytest.MonkeyPatch) -> None:
    server, port = await recommendations.start("127.0.0.1", 0)
    monkeypatch.setenv("RECOMMENDATIONS_URL", f"http://127.0.0.1:{port}")
    recommendations._channel.cache_clear()
    try:
        assert await recommendations.ask("clock") == (["kettle", "lamp", "blanket"], "v1")
        assert await recommendations.ask("") == (["kettle", "lamp", "blanket"], "v1")
    finally:
        await server.stop(0)
    with pytest.raises(UpstreamFailed, match="recommendations: UNAVAILABLE"):
        await recommendations.ask("")
    await recommendations._channel().close(None)
    recommendations._channel.cache_clear()


async def test_the_carrier_quotes_by_the_item() -> None:
    async with serving(carrier.ROUTES) as peer:
        assert (await peer.get("/quote?items=2")).json()["price_cents"] == 710
        assert (await peer.get("/quote?items=0")).status == 400


async def test_ratings_are_one_to_five_stars() -> None:
    async with serving(ratings.ROUTES) as peer:
        given = (await peer.get("/ratings/lamp")).json()["stars"]
        assert set(given) <= {1, 2, 3, 4, 5}
        assert (await peer.get("/ratings/anvil")).status == 404
        assert len((await peer.get("/ratings")).json()["averages"]) == 8
