"""python -m demo.load --rate 10 --target http://127.0.0.1:8080 --control-port 8091"""

import asyncio
from argparse import ArgumentParser, Namespace
from random import Random
from urllib.parse import urlsplit

from demo.load.control import routes
from demo.load.generator import Generator
from demo.load.sender import Target
from demo.shop.server import Application, Server, terminated


def arguments() -> Namespace:
    parser = ArgumentParser(prog="python -m demo.load", description="Visitors for the shop.")
    parser.add_argument("--rate", type=float, default=10.0, help="requests per second")
    parser.add_argument("--target", default="http://127.0.0.1:8080", help="the ingress gateway")
    parser.add_argument("--host", default="shop.localhost", help="the Host header")
    parser.add_argument("--control-port", type=int, default=8091, help="counts and rate; loopback")
    parser.add_argument("--seed", type=int, default=None, help="the same visits every time")
    return parser.parse_args()


async def run(given: Namespace) -> None:
    url = urlsplit(given.target)
    target = Target(url.hostname or "127.0.0.1", url.port or 80, given.host)
    generator = Generator(target, given.rate, Random(given.seed))
    control = Server(Application(routes(generator)))
    await control.start("127.0.0.1", given.control_port)

    async def visits() -> None:
        await generator.until_open()
        await generator.run()

    running = asyncio.create_task(visits())
    await terminated()
    running.cancel()
    await control.stop()


if __name__ == "__main__":
    asyncio.run(run(arguments()))
