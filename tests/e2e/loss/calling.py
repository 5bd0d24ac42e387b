"""`python -m tests.e2e.loss.calling`: a gRPC method and a TCP port that say which pod answers."""

import asyncio
import os
import signal

import grpc
import grpc.aio

from tests.e2e.loss.mesh import GRPC_PORT, METHOD, TCP_PORT

POD = os.environ.get("POD_NAME", "").encode()
GRACE_SECONDS = 4.0


async def answer(_request: bytes, _context: object) -> bytes:
    return POD


class Lines:
    """A line for each line. Whoever is connected when this ends is served until they leave."""

    def __init__(self) -> None:
        self._open = 0
        self._left = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        try:
            while await reader.readline():
                writer.write(POD + b"\n")
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()
            self._open -= 1
            self._left.set()

    async def all_left(self) -> None:
        while self._open:
            self._left.clear()
            await self._left.wait()


async def main() -> None:
    ending = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ending.set)
    host, lines, calls = os.environ["HOST"], Lines(), grpc.aio.server()
    service, method = METHOD.strip("/").split("/")
    handlers = {method: grpc.unary_unary_rpc_method_handler(answer)}
    calls.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
    listener = await asyncio.start_server(lines.serve, host, TCP_PORT)
    calls.add_insecure_port(f"{host}:{GRPC_PORT}")
    await calls.start()
    await ending.wait()
    listener.close()
    async with asyncio.timeout(GRACE_SECONDS):
        await calls.stop(1.0)
        await lines.all_left()


if __name__ == "__main__":
    asyncio.run(main())
