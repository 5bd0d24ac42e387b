"""Answers what control asks about this host's Envoys, over a stream that the agent opens."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Protocol

from proxy.agent import admin
from proxy.agent.control_client import ControlRefused
from proxy.identity import envoys

log = logging.getLogger(__name__)

RETRY_SECONDS = 0.5
AT_ONCE = 4


class Line(Protocol):
    """The agent's line to control."""

    def questions(self) -> AsyncIterator[dict[str, Any]]: ...

    async def answer(self, told: dict[str, Any]) -> None: ...


class Answering:
    """`admin_of(uid)` is a pod's admin socket, None for a pod that has none here."""

    def __init__(self, line: Line, admin_of: Callable[[str], Path | None]) -> None:
        self._line = line
        self._admin_of = admin_of
        self._busy = asyncio.Semaphore(AT_ONCE)

    async def run(self) -> None:
        """For ever; a control that is away is waited for."""
        async with asyncio.TaskGroup() as group:
            while True:
                try:
                    async for asked in self._line.questions():
                        group.create_task(self._answer(asked))
                except (OSError, ControlRefused, ValueError) as error:
                    log.debug("no questions from control: %s", error)
                await asyncio.sleep(RETRY_SECONDS)

    async def _answer(self, asked: dict[str, Any]) -> None:
        async with self._busy:
            told = await asyncio.to_thread(self._told, asked)
        try:
            await self._line.answer({"id": asked.get("id", ""), **told})
        except (OSError, ControlRefused) as error:
            log.warning("could not answer control: %s", error)

    def _told(self, asked: dict[str, Any]) -> dict[str, Any]:
        socket = self._admin_of(str(asked.get("uid", "")))
        if socket is None:
            return {"status": envoys.AWAY, "error": "its agent does not run this pod"}
        try:
            content = admin.answer(socket, admin.Question.read(asked))
        except admin.Unwilling as error:
            return {"status": envoys.REFUSED, "error": str(error)}
        except (OSError, ValueError) as error:
            return {"status": envoys.AWAY, "error": f"its Envoy does not answer: {error}"}
        packed = envoys.pack(content)
        if len(packed) > envoys.MOST_BYTES:
            return {"status": envoys.REFUSED, "error": "Envoy's answer is too large to be carried"}
        return {"status": envoys.ANSWERED, "content": packed}
