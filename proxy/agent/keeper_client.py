"""The agent's line to the keeper: requests, and a picture of what the keeper holds."""

import asyncio
import itertools
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

RECONNECT_SECONDS = 0.2
ANSWER_SECONDS = 10.0
LINE_BYTES = 1 << 22


@dataclass(frozen=True, slots=True)
class Held:
    """One process as the keeper last told of it; times are Unix seconds."""

    pid: int
    starts: int
    running: bool
    status: int = 0
    started_at: float = 0.0
    ended_at: float = 0.0


class KeeperLost(ConnectionError):  # noqa: N818  what happened
    """The keeper is away; what it held ended with it."""


class Refusal(Exception):  # noqa: N818  an answer
    """The keeper could not do it, and says why."""


class KeeperClient:
    """`held` is current while `connected` is set. `on_change(name)` is called for each change."""

    def __init__(self, path: Path, on_change: Callable[[str], None]) -> None:
        self.held: dict[str, Held] = {}
        self.connected = asyncio.Event()
        self._path = path
        self._on_change = on_change
        self._writer: asyncio.StreamWriter | None = None
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._numbers = itertools.count(1)

    async def run(self) -> None:
        """Stay connected, for ever."""
        while True:
            try:
                await self._live()
            except (OSError, ValueError) as error:
                if self.connected.is_set():
                    log.warning("lost the keeper: %s", error)
            self._lose()
            await asyncio.sleep(RECONNECT_SECONDS)

    async def start(
        self, name: str, argv: tuple[str, ...], env: Mapping[str, str], cwd: str, log_path: Path
    ) -> None:
        """Raises Refusal if it cannot be executed, KeeperLost without a keeper."""
        words = {"name": name, "argv": list(argv), "env": dict(env), "cwd": cwd}
        answer = await self._ask("start", **words, log=str(log_path))
        self._set(name, Held(answer["pid"], answer["starts"], running=True))

    async def stop(self, name: str, grace_seconds: float) -> None:
        await self._ask("stop", name=name, grace=grace_seconds)

    async def forget(self, name: str) -> None:
        await self._ask("forget", name=name)
        self.held.pop(name, None)

    async def _live(self) -> None:
        reader, self._writer = await asyncio.open_unix_connection(str(self._path), limit=LINE_BYTES)
        listing = asyncio.create_task(self._list())
        try:
            while line := await reader.readline():
                self._receive(json.loads(line))
        finally:
            listing.cancel()

    async def _list(self) -> None:
        answer = await self._ask("list")
        for one in answer["processes"]:
            self._set(one["name"], _held(one))
        self.connected.set()

    def _receive(self, message: dict[str, Any]) -> None:
        if message.get("event") == "exit":
            self._set(message["name"], _held(message))
        elif (waiting := self._waiting.pop(message.get("id", 0), None)) and not waiting.done():
            waiting.set_result(message)

    def _set(self, name: str, held: Held) -> None:
        known = self.held.get(name)
        if known is not None and known.starts > held.starts:
            return  # an older word that came later
        if known is not None and known.starts == held.starts and not known.running:
            return
        self.held[name] = held
        self._on_change(name)

    async def _ask(self, op: str, **words: Any) -> dict[str, Any]:
        if self._writer is None or (op != "list" and not self.connected.is_set()):
            raise KeeperLost("not connected")
        number = next(self._numbers)
        waiting: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[number] = waiting
        self._writer.write(json.dumps({"id": number, "op": op, **words}).encode() + b"\n")
        try:
            answer = await asyncio.wait_for(waiting, ANSWER_SECONDS)
        except TimeoutError as error:
            raise KeeperLost("no answer") from error
        finally:
            self._waiting.pop(number, None)
        if not answer.get("ok"):
            raise Refusal(str(answer.get("error")))
        return answer

    def _lose(self) -> None:
        self.connected.clear()
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(KeeperLost("the keeper went away"))
        self._waiting.clear()
        gone, self.held = self.held, {}
        for name in gone:
            self._on_change(name)


def _held(told: Mapping[str, Any]) -> Held:
    return Held(
        pid=told["pid"],
        starts=told["starts"],
        running=told["running"],
        status=told["status"],
        started_at=told["started_at"],
        ended_at=told["ended_at"],
    )
