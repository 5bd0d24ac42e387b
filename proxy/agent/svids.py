"""Keys and certificates on this host: the agent's own, and one per service account with a pod here.

Keys are made here and never leave the host. The agent's own is kept in a private file across
restarts; those of workloads live in memory only.
"""

import asyncio
import logging
import os
import random
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from proxy.agent.control_client import ControlClient, ControlRefused, Grant, join
from proxy.agent.host import Host
from proxy.identity import certificates, spiffe

log = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 5.0
JITTER = 0.1
LONGEST_SLEEP_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A key, its certificate, and the roots that came with it. Times are Unix seconds."""

    uri: str
    key_pem: str
    certificate_pem: str
    roots_pem: str
    not_before: float
    not_after: float


def renewal_at(identity: Identity, jitter: float) -> float:
    """Half of the lifetime, give or take: `jitter` is -1..1, so that a fleet does not come at once."""
    half = (identity.not_after - identity.not_before) / 2
    return identity.not_before + half * (1 + JITTER * jitter)


async def obtain(uri: str, ask: Callable[[str], Awaitable[Grant]]) -> Identity:
    """A new key and a certificate for it. Raises what `ask` raises."""
    key = certificates.new_key()
    grant = await ask(certificates.request_pem(uri, key))
    return Identity(
        uri=uri,
        key_pem=certificates.key_pem(key),
        certificate_pem=grant.certificate_pem,
        roots_pem=grant.roots_pem,
        not_before=grant.not_before,
        not_after=grant.not_after,
    )


async def persistently(
    uri: str, ask: Callable[[str], Awaitable[Grant]], longest: float = LONGEST_PAUSE_SECONDS
) -> Identity:
    """As `obtain`, again and again until it works."""
    pause, said = FIRST_PAUSE_SECONDS, ""
    while True:
        try:
            return await obtain(uri, ask)
        except (OSError, ControlRefused) as error:
            if str(error) != said:
                log.warning("no certificate for %s yet: %s", uri, error)
            said = str(error)
        await asyncio.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311  no secret
        pause = min(pause * 2, longest)


async def sleep_until(moment: float) -> None:
    """Until a Unix time. In short steps: the event loop's clock stands still while a laptop sleeps."""
    while (left := moment - time.time()) > 0:
        await asyncio.sleep(min(left, LONGEST_SLEEP_SECONDS))


class Svids:
    """The identities of the service accounts in use; `on_change(uri)` after each new one."""

    def __init__(self, control: ControlClient, on_change: Callable[[str], None]) -> None:
        self.current: dict[str, Identity] = {}
        self._control = control
        self._on_change = on_change
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def want(self, uris: Iterable[str]) -> None:
        """Obtain and renew these, and forget all others."""
        wanted = set(uris)
        for uri in wanted - self._tasks.keys():
            self._tasks[uri] = asyncio.create_task(self._keep(uri))
        for uri in self._tasks.keys() - wanted:
            self._tasks.pop(uri).cancel()
            self.current.pop(uri, None)

    async def _keep(self, uri: str) -> None:
        while True:
            identity = await persistently(uri, self._control.sign)
            self.current[uri] = identity
            self._on_change(uri)
            await sleep_until(renewal_at(identity, _jitter()))


class OwnIdentity:
    """The agent's own certificate: kept on disk, renewed at half life, joined for if there is none."""

    def __init__(self, host: Host, control: ControlClient, token: str) -> None:
        self._host = host
        self._control = control
        self._token = token
        self._uri = spiffe.agent_id(host.trust_domain, host.node)

    async def establish(self) -> Identity:
        """Have a certificate, whatever it takes; afterwards `control` can be called."""
        identity = self._kept() or await persistently(self._uri, self._join)
        await self._use(identity)
        return identity

    async def keep(self, identity: Identity) -> None:
        """Renew, for ever. A certificate that has run out is replaced at the next start, by joining."""
        while True:
            await sleep_until(renewal_at(identity, _jitter()))
            identity = await persistently(self._uri, self._control.renew)
            await self._use(identity)

    async def _join(self, csr_pem: str) -> Grant:
        if not self._host.roots.exists():
            raise FileNotFoundError(f"there is no {self._host.roots} yet")
        if not self._token:
            raise FileNotFoundError("there is no join token")
        return await join(
            self._host.signing, self._host.roots, self._token, self._host.node, csr_pem
        )

    async def _use(self, identity: Identity) -> None:
        self._keep_file(identity)
        await self._control.identify(identity.roots_pem, identity.certificate_pem, identity.key_pem)

    def _kept(self) -> Identity | None:
        """What is on disk, if it is ours, of this root, and has time left."""
        try:
            text = (self._host.own / "identity.pem").read_text()
            roots = self._host.roots.read_text()
        except OSError:
            return None
        return read_identity(text, self._uri, roots, now=time.time())

    def _keep_file(self, identity: Identity) -> None:
        write_private(
            self._host.own / "identity.pem",
            identity.key_pem + identity.certificate_pem + identity.roots_pem,
        )


def read_identity(text: str, uri: str, roots_pem: str, *, now: float) -> Identity | None:
    """An identity from its file: key, certificate, roots, one PEM after the other."""
    end = "-----END PRIVATE KEY-----\n"
    key_pem, found, rest = text.partition(end)
    if not found:
        return None
    try:
        span = certificates.lifetime(rest)
    except ValueError:
        return None
    if span.uri != uri or not span.not_before <= now < span.not_after - 60:
        return None
    if not roots_pem.strip() or not rest.endswith(roots_pem):
        return None  # another certificate authority has taken over
    return Identity(
        uri=uri,
        key_pem=key_pem + found,
        certificate_pem=rest.removesuffix(roots_pem),
        roots_pem=roots_pem,
        not_before=span.not_before,
        not_after=span.not_after,
    )


def write_private(path: Path, text: str) -> None:
    """Replace a file of mode 0600 in one step."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(path.name + ".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    fresh.replace(path)


def _jitter() -> float:
    return random.uniform(-1, 1)  # noqa: S311  no secret
