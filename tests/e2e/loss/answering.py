"""`python -m tests.e2e.loss.answering`: says which pod answers.

/via/<service> asks another one by HTTP first, /line/d by TCP.
"""

import asyncio
import os
import signal

POD = os.environ.get("POD_NAME", "")
PATIENCE_SECONDS = 5.0


class Next:
    """Kept connections to this pod's own sidecar, the longest unused one first."""

    def __init__(self) -> None:
        host, _, port = os.environ["MESHWEB_EGRESS"].rpartition(":")
        self._egress = (host, int(port))
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def ask(self, service: str) -> tuple[int, bytes]:
        line = self._idle.pop(0) if self._idle else await asyncio.open_connection(*self._egress)
        reader, writer = line
        writer.write(f"GET / HTTP/1.1\r\nhost: {service}\r\n\r\n".encode())
        async with asyncio.timeout(PATIENCE_SECONDS):
            status, body, kept = await read_response(reader)
        if kept:
            self._idle.append(line)
        else:
            writer.close()
        return status, body


async def ask_line(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    """Who is at the other end of a TCP connection."""
    writer.write(b"who?\n")
    return (await reader.readuntil(b"\n")).strip()


async def ask_d() -> bytes:
    """By way of this pod's own sidecar."""
    host, port = os.environ["D_SERVICE_HOST"], int(os.environ["D_SERVICE_PORT"])
    reader, writer = await asyncio.open_connection(host, port)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await ask_line(reader, writer)
    finally:
        writer.close()


async def read_response(reader: asyncio.StreamReader) -> tuple[int, bytes, bool]:
    """Status, body, and whether the connection may be used again."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
    body = await reader.readexactly(int(fields.get("content-length", "0")))
    return int(head.split()[1]), body, fields.get("connection") != "close"


async def main() -> None:
    asking, open_lines = Next(), set[asyncio.StreamWriter]()
    ending = asyncio.Event()

    async def answer(path: str) -> tuple[int, bytes]:
        try:
            if path == "/line/d":
                return 200, await ask_d()
            _, found, service = path.partition("/via/")
            return await asking.ask(service) if found else (200, POD.encode())
        except (OSError, TimeoutError, EOFError) as error:
            return 500, f"{POD} by {path}: {error!r}".encode()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_lines.add(writer)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                status, body = await answer(head.split()[1].decode())
                close = b"connection: close\r\n" if ending.is_set() else b""
                writer.write(
                    b"HTTP/1.1 %d x\r\n%scontent-length: %d\r\n\r\n%s"
                    % (status, close, len(body), body)
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            open_lines.discard(writer)
            writer.close()

    server = await asyncio.start_server(serve, os.environ["HOST"], int(os.environ["PORT"]))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ending.set)
    await ending.wait()
    server.close()
    await asyncio.sleep(0.3)  # what is under way is answered
    for writer in open_lines:
        writer.close()


if __name__ == "__main__":
    asyncio.run(main())
