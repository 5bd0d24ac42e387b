"""One request over one connection: what is counted is what was sent."""

import asyncio
from dataclasses import dataclass

from demo.load.visits import Step
from demo.shop.client import read_response
from demo.shop.messages import BadMessage, request_bytes

TIMEOUT_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Target:
    """Where the shop is, and the name it is asked for."""

    host: str
    port: int
    authority: str


async def accepts(target: Target) -> bool:
    """Whether somebody listens there; nothing is sent."""
    try:
        _, writer = await asyncio.open_connection(target.host, target.port)
    except OSError:
        return False
    writer.close()
    return True


async def send(target: Target, step: Step) -> str:
    """The status code of the answer, or the name of what went wrong. Never tries again."""
    headers = {
        "host": target.authority,
        "user-agent": "demo-visitor",
        "accept": "text/html",
        "cookie": f"visitor={step.visitor}",
        "connection": "close",
    }
    if step.form:
        headers["content-type"] = "application/x-www-form-urlencoded"
    message = request_bytes(step.method, step.path, headers, step.form.encode())
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            return await _exchange(target, message)
    except TimeoutError:
        return "timeout"
    except (OSError, asyncio.IncompleteReadError, BadMessage) as error:
        return type(error).__name__


async def _exchange(target: Target, message: bytes) -> str:
    reader, writer = await asyncio.open_connection(target.host, target.port)
    try:
        writer.write(message)
        response, _ = await read_response(reader)
    finally:
        writer.close()
    return str(response.status)
