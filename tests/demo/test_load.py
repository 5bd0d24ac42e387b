"""The load generator: counts exactly, keeps its rate, and obeys while it runs."""

import asyncio
from random import Random

from demo.load.control import routes
from demo.load.counts import Counts
from demo.load.generator import Generator
from demo.load.sender import Target
from demo.load.visits import Step, visit
from demo.shop.client import Upstream
from demo.shop.messages import Request, Response, error_response, json_response
from demo.shop.server import Application, Route, Server


def test_counts_add_up_and_keep_what_failed() -> None:
    counts = Counts()
    for outcome in ("200", "503", "timeout"):
        counts.sent("home")
        counts.ended("home", outcome, succeeded=outcome == "200", at=7.0)
    counts.sent("cart")
    home = {
        "sent": 3,
        "succeeded": 1,
        "failed": 2,
        "in_flight": 0,
        "outcomes": {"200": 1, "503": 1, "timeout": 1},
    }
    cart = {"sent": 1, "succeeded": 0, "failed": 0, "in_flight": 1, "outcomes": {}}
    assert counts.as_json() == {
        "total": {**home, "sent": 4, "in_flight": 1},
        "routes": {"cart": cart, "home": home},
        "skipped": 0,
        "failures": [
            {"at": 7.0, "route": "home", "outcome": "503"},
            {"at": 7.0, "route": "home", "outcome": "timeout"},
        ],
    }


def test_a_visit_begins_at_home_and_buys_only_what_was_put_into_the_cart() -> None:
    for seed in range(50):
        steps = list(visit(Random(seed)))
        names = [step.route for step in steps]
        assert names[:2] == ["home", "product"]
        assert len({step.visitor for step in steps}) == 1
        if "checkout" in names:
            assert names[-3:] == ["add", "cart", "checkout"]


class CountingShop:
    """Answers 200 to everything but every tenth page, and counts what came."""

    def __init__(self) -> None:
        self.came = 0

    async def page(self, _: Request) -> Response:
        self.came += 1
        return error_response(503, "") if self.came % 10 == 0 else json_response({})

    def routes(self) -> tuple[Route, ...]:
        return (
            Route("GET", "/", self.page),
            Route("GET", "/product/{id}", self.page),
            Route("GET", "/cart", self.page),
            Route("POST", "/cart", self.page),
            Route("POST", "/checkout", self.page),
        )


async def test_the_generator_keeps_its_rate_and_counts_what_it_sent() -> None:
    shop = CountingShop()
    server = Server(Application(shop.routes()))
    port = await server.start("127.0.0.1", 0)
    generator = Generator(Target("127.0.0.1", port, "shop.localhost"), 0, Random(1))
    control = Server(Application(routes(generator)))
    control_port = await control.start("127.0.0.1", 0)
    steering = Upstream("load", "localhost", ("127.0.0.1", control_port))

    running = asyncio.create_task(generator.run())
    assert (await steering.call("POST", "/rate", {"rate": 100})).json() == {"rate": 100.0}
    await asyncio.sleep(1.0)
    await steering.call("POST", "/rate", {"rate": 0})
    await asyncio.sleep(0.2)
    counted = (await steering.get("/counts")).json()

    assert 30 <= counted["total"]["sent"] <= 130  # a busy machine is late, never ahead for long
    assert counted["total"]["sent"] == shop.came
    assert counted["total"]["failed"] == shop.came // 10
    assert counted["total"]["in_flight"] == 0
    assert (await steering.call("POST", "/rate", {"rate": "fast"})).status == 400
    assert (await steering.call("POST", "/rate", {"rate": -1})).status == 400
    running.cancel()
    await steering.close()
    await control.stop()
    await server.stop()


async def test_a_shop_that_is_not_there_is_a_counted_failure() -> None:
    server = Server(Application(()))
    port = await server.start("127.0.0.1", 0)
    await server.stop()
    generator = Generator(Target("127.0.0.1", port, "shop.localhost"), 50, Random(1))
    running = asyncio.create_task(generator.run())
    await asyncio.sleep(0.2)
    running.cancel()
    total = generator.counts.as_json()["total"]
    assert total["sent"] >= 5
    assert total["outcomes"] == {"ConnectionRefusedError": total["failed"]}


async def test_the_doorkeeper_waits_until_the_shop_is_open() -> None:
    answers = iter([503, 503, 200])

    async def page(_: Request) -> Response:
        return json_response({}, next(answers))

    server = Server(Application([Route("GET", "/", page)]))
    port = await server.start("127.0.0.1", 0)
    generator = Generator(Target("127.0.0.1", port, "shop.localhost"), 1, Random(1))
    generator.open()
    await generator.until_open()
    assert generator.counts.as_json()["routes"]["probe"]["outcomes"] == {"200": 1, "503": 2}
    await server.stop()


def test_a_step_carries_its_form() -> None:
    adding = [s for seed in range(9) for s in visit(Random(seed)) if s.route == "add"]
    assert adding
    assert all(s.form.startswith("product=") for s in adding)
    assert isinstance(adding[0], Step)
