"""The datastore: keys and values over TCP, in a line protocol small enough to type.

A client sends `GET <key>`, `SET <key> <value>` or `DEL <key>` and a newline. Answers are one line:
`VALUE <value>`, `NONE`, `OK`, or `ERROR <why>`. Keys and values have no white space.
"""

import asyncio
import os
from collections import OrderedDict

from demo.shop.server import terminated

MAX_KEYS = 50_000
"""The oldest keys make room for new ones: a demo may run for weeks."""


class Store:
    def __init__(self) -> None:
        self._values: OrderedDict[str, str] = OrderedDict()

    def answer(self, line: str) -> str:
        """The answer to one line."""
        match line.split():
            case ["GET", key]:
                value = self._values.get(key)
                return "NONE" if value is None else f"VALUE {value}"
            case ["SET", key, value]:
                self._values[key] = value
                self._values.move_to_end(key)
                if len(self._values) > MAX_KEYS:
                    self._values.popitem(last=False)
                return "OK"
            case ["DEL", key]:
                self._values.pop(key, None)
                return "OK"
            case _:
                return "ERROR say GET key, SET key value or DEL key"


async def converse(
    store: Store, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Answer one client's lines until it leaves."""
    try:
        while line := await reader.readline():
            writer.write(f"{store.answer(line.decode('utf-8', 'replace'))}\n".encode())
            await writer.drain()
    except (OSError, ValueError):
        pass  # the client left, or its line was endless
    finally:
        writer.close()


async def start(host: str, port: int) -> asyncio.Server:
    store = Store()
    return await asyncio.start_server(lambda r, w: converse(store, r, w), host, port)


async def serve() -> None:
    server = await start(os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "6380")))
    await terminated()
    server.close()


if __name__ == "__main__":
    asyncio.run(serve())
