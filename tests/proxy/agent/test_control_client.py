"""The agent's line to control, where control is slow to answer."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from proxy.agent.control_client import ControlClient
from proxy.identity import certificates
from proxy.identity.certificates import Request


async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        await reader.read()
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


@pytest.fixture
async def client() -> AsyncIterator[ControlClient]:
    """Connects to a control that takes the connection and says nothing."""
    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        made = ControlClient(f"127.0.0.1:{port}")
        now = datetime.now(UTC)
        root_key, key = certificates.new_key(), certificates.new_key()
        root = certificates.make_root("cluster.local", root_key, now=now)
        request = Request("spiffe://cluster.local/agent/local", key.public_key())
        svid = certificates.issue(root, root_key, request, now=now)
        made.identify(
            certificates.certificate_pem(root), svid.certificate_pem, certificates.key_pem(key)
        )
        yield made
        await made.close()
        while len(asyncio.all_tasks()) > 1:  # those who hear that their caller has left
            await asyncio.sleep(0.01)


async def under_way(client: ControlClient) -> asyncio.Task[None]:
    told = asyncio.create_task(client.report([]))
    await asyncio.sleep(0.3)
    assert not told.done()
    return told


async def test_a_call_under_way_when_the_client_turns_away_is_a_lost_connection(
    client: ControlClient,
) -> None:
    """Ended as if its task were cancelled, it would end the agent's reports for good, unseen."""
    told = await under_way(client)
    client.turn()
    with pytest.raises(ConnectionError, match="given up"):
        await told


async def test_a_call_whose_task_is_cancelled_is_cancelled(client: ControlClient) -> None:
    told = await under_way(client)
    told.cancel()
    with pytest.raises(asyncio.CancelledError):
        await told
