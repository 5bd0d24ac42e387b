"""One browser's live socket: who may open it, what it may ask for, and its bounded queue."""

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from typing import Any, Final

import orjson
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.db import DatabaseError
from django.http import HttpRequest
from pydantic import ValidationError

from mesh_web.accounts.selectors import caller_of_user
from mesh_web.live.hub import SOCKETS, Hub, Outbox, hub
from mesh_web.live.schema import CLIENT, Resync, Subscribe

log = logging.getLogger(__name__)

UNAUTHENTICATED: Final = 4401
TOO_SLOW: Final = 4408
"""The client may connect again at once and gets a fresh snapshot."""
LONGEST_REQUEST: Final = 1000
SESSION_CHECK_SECONDS: Final = 30.0
RESYNC_PAUSE_SECONDS: Final = 0.1


def welcome(scope: Mapping[str, Any]) -> bool:
    """Whether this visitor may look, now.

    That takes an active account, and a session that has not ended, is not expired and was opened
    with the password of today: all read anew, for the scope keeps what was true at the start.
    """
    request = HttpRequest()
    request.session = SessionStore(scope["session"].session_key)
    return caller_of_user(get_user(request)) is not None


class LiveConsumer(AsyncWebsocketConsumer):  # type: ignore[misc] # channels has no types
    """`/ws/live`. Any logged-in account may look; every role includes reading."""

    welcome = staticmethod(welcome)
    _hub: Hub
    _outbox: Outbox
    _tasks: tuple[asyncio.Task[None], ...] = ()

    async def connect(self) -> None:
        await self.accept()  # first: a close code needs an open socket to travel on
        if not await self._is_welcome():
            await self.close(UNAUTHENTICATED)
            return
        self._hub, self._outbox = hub(), Outbox()
        SOCKETS.inc()
        self._tasks = (
            asyncio.create_task(self._write()),
            asyncio.create_task(self._watch_session()),
        )

    async def receive(
        self,
        text_data: str | None = None,
        bytes_data: bytes | None = None,  # noqa: ARG002  binary is refused by text_data's absence
    ) -> None:
        if not self._tasks:
            return
        if text_data is None or len(text_data) > LONGEST_REQUEST:
            await self._complain("A request is a short JSON text.")
            return
        try:
            request = CLIENT.validate_json(text_data)
        except ValidationError:
            await self._complain(
                'Send {"subscribe": topic}, {"unsubscribe": topic} or {"resync": topic} with a'
                " topic of graph, graph:10, graph:300, revisions, proxies."
            )
            return
        if isinstance(request, Subscribe):
            await self._hub.join(self._outbox, request.subscribe)
        elif isinstance(request, Resync):
            await asyncio.sleep(RESYNC_PAUSE_SECONDS)  # a client that asks in a loop waits in it
            await self._hub.join(self._outbox, request.resync)
        else:
            self._hub.leave(self._outbox, request.unsubscribe)

    async def disconnect(self, code: int) -> None:  # noqa: ARG002  Channels passes it
        if self._tasks:
            self._hub.leave_all(self._outbox)
            SOCKETS.dec()
        for task in self._tasks:
            task.cancel()

    async def _write(self) -> None:
        with contextlib.suppress(RuntimeError):  # the socket closed under the message
            while (text := await self._outbox.take()) is not None:
                await self.base_send({"type": "websocket.send", "text": text})
            self._hub.leave_all(self._outbox)
            await self.close(TOO_SLOW)

    async def _watch_session(self) -> None:
        """A logout, an expired session, a new password or a closed account ends the socket too."""
        while True:
            await asyncio.sleep(SESSION_CHECK_SECONDS)
            try:
                stays = await self._is_welcome()
            except DatabaseError as error:
                log.warning("whether a live socket may stay open is asked again: %s", error)
                continue
            if not stays:
                with contextlib.suppress(RuntimeError):
                    await self.close(UNAUTHENTICATED)
                return

    async def _is_welcome(self) -> bool:
        return bool(await database_sync_to_async(self.welcome)(self.scope))

    async def _complain(self, message: str) -> None:
        error = {"error": {"code": "bad_request", "message": message}}
        await self.send(text_data=orjson.dumps(error).decode())
