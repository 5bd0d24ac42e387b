"""The generator's own loopback endpoint: GET /counts, GET /rate, POST /rate {"rate": 20}, POST /open."""

from demo.load.generator import Generator
from demo.shop.messages import Request, Response, error_response, json_response
from demo.shop.server import Route

MAX_RATE = 1000.0


def routes(generator: Generator) -> tuple[Route, ...]:
    async def counts(_: Request) -> Response:
        return json_response({"rate": generator.rate, **generator.counts.as_json()})

    async def rate(_: Request) -> Response:
        return json_response({"rate": generator.rate})

    async def set_rate(request: Request) -> Response:
        given = request.json().get("rate")
        if isinstance(given, bool) or not isinstance(given, int | float):
            return error_response(400, "rate is a number")
        if not 0 <= given <= MAX_RATE:
            return error_response(400, f"rate is from 0 to {MAX_RATE:.0f} requests a second")
        generator.set_rate(float(given))
        return json_response({"rate": generator.rate})

    async def open_shop(_: Request) -> Response:
        generator.open()
        return json_response({})

    return (
        Route("POST", "/open", open_shop),
        Route("GET", "/counts", counts),
        Route("GET", "/rate", rate),
        Route("POST", "/rate", set_rate),
    )
