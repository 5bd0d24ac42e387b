"""Keys and certificates on this host: the agent's own, and one per service account with a pod here.

Keys are made here and never leave the host. The agent's own is kept in a private file across
restarts; those of workloads live in memory only.
"""

import asyncio
import contextlib
import logging
import os
import random
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import cycle
from pathlib import Path
from typing import Any

from proxy.agent.control_client import ControlClient, ControlRefused, Grant, Roots, join
from proxy.agent.host import Host
from proxy.identity import certificates, spiffe

log = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 5.0
JITTER = 0.1
LONGEST_SLEEP_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A key, its certificate, and the roots to trust with it. Times are Unix seconds.

    `issuer` is the fingerprint of the certificate's root; "" where it is not known.
    """

    uri: str
    key_pem: str
    certificate_pem: str
    roots_pem: str
    not_before: float
    not_after: float
    issuer: str = ""


ROOTS_FOLLOW = "Trusted roots:\n"
"""Parts the agent's certificates from those it trusts, in its file."""


def told(proxy: str | None, identity: Identity) -> dict[str, Any]:
    """What control is told of an identity: that of a proxy, or (None) the agent's own."""
    return {
        "proxy": proxy,
        "uri": identity.uri,
        "serial": serial(identity.certificate_pem),
        "issuer": identity.issuer,
        "roots": _fingerprints(identity.roots_pem),
        "not_before": identity.not_before,
        "not_after": identity.not_after,
    }


@lru_cache(1024)
def serial(certificate_pem: str) -> str:
    return certificates.lifetime(certificate_pem).serial


@lru_cache(16)
def _fingerprints(roots_pem: str) -> tuple[str, ...]:
    return certificates.fingerprints(roots_pem)


def renewal_at(identity: Identity, jitter: float) -> float:
    """Half of the lifetime, give or take: `jitter` is -1..1, so that a fleet does not come at once."""
    half = (identity.not_after - identity.not_before) / 2
    return identity.not_before + half * (1 + JITTER * jitter)


Obtained = tuple[Identity, Roots]


async def obtain(uri: str, ask: Callable[[str], Awaitable[Grant]]) -> Obtained:
    """A new key and a certificate for it, and whom to trust. Raises what `ask` raises."""
    key = certificates.new_key()
    grant = await ask(certificates.request_pem(uri, key))
    identity = Identity(
        uri=uri,
        key_pem=certificates.key_pem(key),
        certificate_pem=grant.certificate_pem,
        roots_pem=grant.roots.pem,
        not_before=grant.not_before,
        not_after=grant.not_after,
        issuer=grant.roots.issuer,
    )
    return identity, grant.roots


async def persistently(
    uri: str, ask: Callable[[str], Awaitable[Grant]], longest: float = LONGEST_PAUSE_SECONDS
) -> Obtained:
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


async def until_due(identity: Identity, asked: asyncio.Event) -> None:
    """Until it is to be renewed, or `asked` is set (and cleared here).

    In short steps: the event loop's clock stands still while a laptop sleeps.
    """
    moment = renewal_at(identity, _jitter())
    while not asked.is_set() and (left := moment - time.time()) > 0:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(left, LONGEST_SLEEP_SECONDS)):
                await asked.wait()
    asked.clear()


class Trusted:
    """The newest roots that any control process has told of."""

    def __init__(self) -> None:
        self.roots = Roots(pem="")

    def learn(self, roots: Roots) -> bool:
        """Whether these are newer: two control processes may not know the same for a moment."""
        if self.roots.pem and roots.version <= self.roots.version:
            return False
        self.roots = roots
        return True

    def applied(self, identity: Identity) -> Identity:
        return replace(identity, roots_pem=self.roots.pem)

    def is_stale(self, identity: Identity) -> bool:
        """Whether another root signs by now."""
        return bool(self.roots.issuer) and identity.issuer != self.roots.issuer


class Svids:
    """The identities of the service accounts in use; `on_change(uri)` after each new one."""

    def __init__(
        self, control: ControlClient, trusted: Trusted, on_change: Callable[[str], None]
    ) -> None:
        self.current: dict[str, Identity] = {}
        self._control = control
        self._trusted = trusted
        self._on_change = on_change
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._asked: dict[str, asyncio.Event] = {}

    def want(self, uris: Iterable[str]) -> None:
        """Obtain and renew these, and forget all others."""
        wanted = set(uris)
        for uri in wanted - self._tasks.keys():
            self._asked[uri] = asyncio.Event()
            self._tasks[uri] = asyncio.create_task(self._keep(uri))
        for uri in self._tasks.keys() - wanted:
            self._tasks.pop(uri).cancel()
            self.current.pop(uri, None)
            self._asked.pop(uri)

    def follow(self, renew: frozenset[str]) -> None:
        """Hand on the newest roots; renew what another root signs, and what is asked for."""
        for uri, identity in self.current.items():
            updated = self._trusted.applied(identity)
            if updated != identity:
                self.current[uri] = updated
                self._on_change(uri)
            if self._trusted.is_stale(identity) or serial(identity.certificate_pem) in renew:
                self._asked[uri].set()

    async def _keep(self, uri: str) -> None:
        asked = self._asked[uri]
        while True:
            identity, roots = await persistently(uri, self._control.sign)
            self._trusted.learn(roots)
            self.current[uri] = self._trusted.applied(identity)
            self._on_change(uri)
            if self._trusted.is_stale(identity):  # signed by a control process that lags behind
                await asyncio.sleep(FIRST_PAUSE_SECONDS)
                continue
            await until_due(identity, asked)


class OwnIdentity:
    """The agent's own certificate: kept on disk, renewed at half life, joined for if there is none."""

    def __init__(self, host: Host, control: ControlClient, trusted: Trusted, token: str) -> None:
        self.current: Identity | None = None
        self._host = host
        self._control = control
        self._trusted = trusted
        self._token = token
        self._uri = spiffe.agent_id(host.trust_domain, host.node)
        self._asked = asyncio.Event()
        self._signers = cycle(host.signing.split(","))

    async def establish(self) -> None:
        """Have a certificate, whatever it takes; afterwards `control` can be called."""
        kept = self._kept()
        if kept is not None:
            self._use(kept)
        else:
            self._take(await persistently(self._uri, self._join))

    async def keep(self) -> None:
        """Renew, for ever. A certificate that has run out is replaced at the next start, by joining."""
        while True:
            assert self.current is not None  # noqa: S101  `establish` comes first
            await until_due(self.current, self._asked)
            self._take(await persistently(self._uri, self._control.renew))

    def follow(self) -> None:
        """Go by the newest roots; renew what another root signs."""
        if self.current is None:
            return
        updated = self._trusted.applied(self.current)
        if updated != self.current:
            self._use(updated)
        if self._trusted.is_stale(updated):
            self._asked.set()

    async def _join(self, csr_pem: str) -> Grant:
        if not self._host.roots.exists():
            raise FileNotFoundError(f"there is no {self._host.roots} yet")
        if not self._token:
            raise FileNotFoundError("there is no join token")
        return await join(
            next(self._signers), self._host.roots, self._token, self._host.node, csr_pem
        )

    def _take(self, obtained: Obtained) -> None:
        identity, roots = obtained
        self._trusted.learn(roots)
        self._use(self._trusted.applied(identity))

    def _use(self, identity: Identity) -> None:
        self.current = identity
        self._keep_file(identity)
        self._control.identify(identity.roots_pem, identity.certificate_pem, identity.key_pem)

    def _kept(self) -> Identity | None:
        """What is on disk, if it is ours, of a root in force, and has time left."""
        try:
            text = (self._host.own / "identity.pem").read_text()
            roots = self._host.roots.read_text()
        except OSError:
            return None
        return read_identity(text, self._uri, roots, now=time.time())

    def _keep_file(self, identity: Identity) -> None:
        write_private(
            self._host.own / "identity.pem",
            identity.key_pem + identity.certificate_pem + ROOTS_FOLLOW + identity.roots_pem,
        )
        with contextlib.suppress(OSError):  # where control writes it, or nobody may
            if self._host.roots.read_text() != identity.roots_pem:
                write_private(self._host.roots, identity.roots_pem)


def read_identity(text: str, uri: str, roots_pem: str, *, now: float) -> Identity | None:
    """An identity from its file, to be trusted with `roots_pem`, the roots now in force."""
    end = "-----END PRIVATE KEY-----\n"
    key_pem, found, rest = text.partition(end)
    certificate_pem, parted, _ = rest.partition(ROOTS_FOLLOW)
    if not found or not parted:
        return None
    try:
        span = certificates.lifetime(certificate_pem)
    except ValueError:
        return None
    if span.uri != uri or not span.not_before <= now < span.not_after - 60:
        return None
    if not certificates.signed_by(certificate_pem, roots_pem):
        return None  # another certificate authority has taken over
    return Identity(
        uri=uri,
        key_pem=key_pem + found,
        certificate_pem=certificate_pem,
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
