"""`python -m proxy.agent`: the agent of this host. Its settings are in `proxy.agent.host`."""

import asyncio
import contextlib
import logging
import os
import signal

from proxy.agent import host
from proxy.agent.agent import Agent


async def main() -> None:
    """Runs until SIGTERM; what it runs goes on without it, in the keeper."""
    agent = Agent(host.read(os.environ), os.environ, host.join_token(os.environ))
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
