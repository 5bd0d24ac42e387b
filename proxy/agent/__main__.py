"""`python -m proxy.agent`: the agent of this host. Its settings are in `proxy.agent.host`."""

import asyncio
import contextlib
import logging
import os
import signal

from proxy.agent import host
from proxy.agent.agent import Agent
from telemetry.own.config import read
from telemetry.own.start import start


async def main() -> None:
    """Runs until SIGTERM; what it runs goes on without it, in the keeper."""
    known = host.read(os.environ)
    told = read(
        os.environ,
        collector=known.collector,
        port_offset=known.port_offset,
        token=known.ingest_token,
    )
    start(told, "meshweb-agent", spans=False)
    agent = Agent(known, os.environ, host.join_token(os.environ))
    running = asyncio.create_task(agent.run())
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await running


if __name__ == "__main__":
    logging.basicConfig(
        level=os.environ.get("MESHWEB_LOG_LEVEL", "INFO"),
        format="%(levelname)s %(name)s: %(message)s",
    )
    asyncio.run(main())
