"""How services talk to the datastore: a connection for each transaction."""

import asyncio
import os
from types import TracebackType

from demo.shop.client import UpstreamFailed

TIMEOUT_SECONDS = 5.0


class Transaction:
    """`async with Transaction() as t: await t.get(key)`. Raises UpstreamFailed."""

    def __init__(self) -> None:
        self._address = (
            os.environ["DATASTORE_SERVICE_HOST"],
            int(os.environ["DATASTORE_SERVICE_PORT"]),
        )
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter

    async def __aenter__(self) -> "Transaction":
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                self._reader, self._writer = await asyncio.open_connection(*self._address)
        except (OSError, TimeoutError) as error:
            raise UpstreamFailed("datastore", f"{type(error).__name__}: {error}") from error
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._writer.close()

    async def get(self, key: str) -> str | None:
        answer = await self._ask(f"GET {key}")
        return None if answer == "NONE" else answer.removeprefix("VALUE ")

    async def set(self, key: str, value: str) -> None:
        await self._ask(f"SET {key} {value}")

    async def delete(self, key: str) -> None:
        await self._ask(f"DEL {key}")

    async def _ask(self, line: str) -> str:
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                self._writer.write(f"{line}\n".encode())
                answer = (await self._reader.readline()).decode().rstrip("\n")
        except (OSError, TimeoutError) as error:
            raise UpstreamFailed("datastore", f"{type(error).__name__}: {error}") from error
        if not answer:
            raise UpstreamFailed("datastore", "closed the connection")
        if answer.startswith("ERROR"):
            raise UpstreamFailed("datastore", answer)
        return answer
