"""The authority as every control process goes by it, looked up anew as a rotation goes on."""

import asyncio
import logging
from collections.abc import Callable

from django.conf import settings
from django.db import close_old_connections
from django.utils import timezone

from proxy.identity import authority, rotating
from proxy.identity.authority import Authority

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5


class Trust:
    """`authority` is what to sign with and whom to trust now. Reading it never blocks."""

    def __init__(self, first: Authority) -> None:
        self.authority = first

    async def keep(self, changed: Callable[[], None]) -> None:
        """For ever: take rotations on, follow them, and call `changed` on the event loop."""
        said = ""
        while True:
            try:
                fresh = await asyncio.to_thread(self._look)
                said = ""
            except Exception as error:  # whatever the database raises: what is known stays in force
                if str(error) != said:
                    log.warning("could not look at the certificate authority: %s", error)
                said, fresh = str(error), None
            if fresh is not None:
                self.authority = fresh
                log.info("certificate authority: %s", _told(fresh))
                changed()
            await asyncio.sleep(LOOK_SECONDS)

    def _look(self) -> Authority | None:
        close_old_connections()
        rotating.advance(timezone.now())
        if authority.current_version() == self.authority.version:
            return None
        fresh = authority.load()
        authority.write_roots(settings.HOME / "ca.pem", fresh.roots_pem)
        return fresh


def _told(current: Authority) -> str:
    roots = current.roots_pem.count("BEGIN CERTIFICATE")
    return f"{roots} roots are trusted, {current.issuer[:12]} signs"
