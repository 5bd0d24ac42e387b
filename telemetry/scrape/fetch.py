"""One page over HTTP: from allowed hosts only, bounded in size and time, no further than its origin."""

import asyncio
import base64
import ipaddress
import socket
import ssl
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from telemetry.scrape.jobs import Credentials, Job, Tls
from telemetry.scrape.targets import Target

ACCEPT = (
    "application/openmetrics-text;version=1.0.0;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,"
    "text/plain;version=0.0.4;q=0.4,*/*;q=0.1"
)
AGENT = "Meshweb"
REDIRECTS = 5
CHUNK = 64 << 10
_OPEN_METRICS = "application/openmetrics-text"
_PLAIN = "text/plain"
_GZIP = 16 + zlib.MAX_WBITS
_REDIRECTING = frozenset({301, 302, 303, 307, 308})


class NotFetched(Exception):  # noqa: N818  an answer for the targets page
    """There is no page, and why."""


@dataclass(frozen=True, slots=True)
class Page:
    body: bytes
    open_metrics: bool


@dataclass(frozen=True, slots=True)
class Allowed:
    """Which hosts may be scraped: `loopback`, `*`, addresses, networks, names, `*.` and a domain."""

    words: tuple[str, ...]

    @staticmethod
    def of(text: str) -> "Allowed":
        return Allowed(tuple(one.strip().lower() for one in text.split(",") if one.strip()))

    def name(self, host: str) -> bool:
        """By its name, whatever it resolves to."""
        host = host.lower().rstrip(".")
        return any(
            word in ("*", host) or (word.startswith("*.") and host.endswith(word[1:]))
            for word in self.words
        )

    def address(self, text: str) -> bool:
        try:
            found = ipaddress.ip_address(text.partition("%")[0])
        except ValueError:
            return False
        mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
        return any(_within(mapped or found, word) for word in self.words)


def _within(address: ipaddress.IPv4Address | ipaddress.IPv6Address, word: str) -> bool:
    if word == "*":
        return True
    if word == "loopback":
        return address.is_loopback
    network = _network(word)
    return network is not None and address.version == network.version and address in network


@lru_cache(maxsize=256)
def _network(word: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(word, strict=False)
    except ValueError:
        return None


class _Resolver(AbstractResolver):
    """Gives only addresses that may be asked, so that a name cannot lead elsewhere later."""

    def __init__(self, allowed: Allowed) -> None:
        self._allowed = allowed
        self._inner = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        if self._allowed.name(host):
            return found
        kept = [one for one in found if self._allowed.address(one["host"])]
        if not kept:
            raise OSError(f"{host} may not be scraped; MESHWEB_SCRAPE_HOSTS names who may")
        return kept

    async def close(self) -> None:
        await self._inner.close()


class Fetcher:
    """Use it as a context; keeps connections."""

    def __init__(self, allowed: Allowed) -> None:
        self._allowed = allowed
        self._session: aiohttp.ClientSession

    async def __aenter__(self) -> "Fetcher":
        connector = aiohttp.TCPConnector(
            limit=0, limit_per_host=4, resolver=_Resolver(self._allowed), use_dns_cache=False
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            max_line_size=16_384,
            timeout=aiohttp.ClientTimeout(total=None),
        )
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._session.close()

    async def fetch(self, target: Target) -> Page:
        """Raises NotFetched."""
        try:
            async with asyncio.timeout(target.timeout):
                return await self._fetch(target)
        except TimeoutError:
            raise NotFetched(f'Get "{target.url}": context deadline exceeded') from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise NotFetched(f'Get "{target.url}": {_reason(error)}') from None

    async def _fetch(self, target: Target) -> Page:
        url = URL(target.url)
        self._check(url, target)
        headers, tls = await asyncio.to_thread(_prepared, target)
        for _ in range(REDIRECTS):
            async with self._session.get(
                url,
                headers=headers,
                allow_redirects=False,
                ssl=tls,
                server_hostname=target.job.tls.server_name or None,
            ) as answer:
                if answer.status in _REDIRECTING and target.job.follow_redirects:
                    url = _same_origin(url, answer.headers.get("Location", ""))
                    continue
                if answer.status != 200:
                    raise NotFetched(f"server returned HTTP status {answer.status} {answer.reason or ''}".rstrip())  # fmt: skip
                open_metrics = _form(answer.headers.get("Content-Type", ""), target.job)
                return Page(await _body(answer, target.job.limits.body), open_metrics)
        raise NotFetched(f"more than {REDIRECTS} redirects")

    def _check(self, url: URL, target: Target) -> None:
        """Names are looked at again when they are resolved."""
        host = url.host or ""
        if target.trusted or self._allowed.name(host) or self._allowed.address(host):
            return
        if _is_address(host):
            raise NotFetched(f"{host} may not be scraped; MESHWEB_SCRAPE_HOSTS names who may")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def _same_origin(url: URL, location: str) -> URL:
    following = url.join(URL(location))
    if not location or following.origin() != url.origin():
        raise NotFetched(f"redirected elsewhere: {location[:200]!r}")
    return following


def _form(content_type: str, job: Job) -> bool:
    """Is it OpenMetrics? As Prometheus 3: who says nothing must be told of by the job."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == _OPEN_METRICS:
        return True
    if kind == _PLAIN:
        return False
    if job.fallback:
        return job.fallback.startswith("OpenMetrics")
    shown = f"unsupported Content-Type {content_type[:100]!r}" if kind else "no Content-Type"
    raise NotFetched(f"the answer has {shown}, and the job has no fallback_scrape_protocol")


async def _body(answer: aiohttp.ClientResponse, limit: int) -> bytes:
    """Never more than `limit` bytes, packed or not."""
    encoding = answer.headers.get("Content-Encoding", "").lower()
    if encoding not in ("", "identity", "gzip"):
        raise NotFetched(f"unsupported Content-Encoding {encoding[:40]!r}")
    unzip = zlib.decompressobj(_GZIP) if encoding == "gzip" else None
    found = bytearray()
    received = 0
    async for chunk in answer.content.iter_chunked(CHUNK):
        received += len(chunk)
        try:
            found += chunk if unzip is None else unzip.decompress(chunk, limit + 1 - len(found))
        except zlib.error:
            raise NotFetched("the body is not gzip") from None
        if len(found) > limit or received > limit:
            raise NotFetched("body size limit exceeded")
    if unzip is not None and not unzip.eof:
        raise NotFetched("the gzip body is cut short")
    return bytes(found)


def _prepared(target: Target) -> tuple[dict[str, str], ssl.SSLContext | bool]:
    """Reads files: of credentials each time, of TLS when they changed. Raises OSError, ValueError."""
    tls = target.job.tls
    if target.scheme != "https":
        return _headers(target), True
    files = (tls.ca_file, tls.cert_file, tls.key_file)
    changed = tuple(Path(one).stat().st_mtime for one in files if one)
    return _headers(target), _context(tls, changed)


def _headers(target: Target) -> dict[str, str]:
    job = target.job
    found = {
        "Accept": ACCEPT,
        "User-Agent": AGENT,
        "X-Prometheus-Scrape-Timeout-Seconds": f"{target.timeout:g}",
        **job.headers,
    }
    if job.compression:
        found["Accept-Encoding"] = "gzip"
    if job.credentials.scheme:
        found["Authorization"] = _authorization(job.credentials)
    return found


def _authorization(given: Credentials) -> str:
    secret = _secret(given.secret, given.secret_file)
    if given.scheme == "Basic":
        pair = f"{_secret(given.username, given.username_file)}:{secret}"
        return f"Basic {base64.b64encode(pair.encode()).decode()}"
    return f"{given.scheme} {secret}"


def _secret(value: str, file: str) -> str:
    text = Path(file).read_text().strip() if file else value
    if any(ord(letter) < 32 for letter in text):
        raise ValueError(f"{file} holds more than one line")
    return text


@lru_cache(maxsize=256)
def _context(tls: Tls, _changed: tuple[float, ...]) -> ssl.SSLContext:
    """Raises OSError, ValueError (an ssl.SSLError is one of the former)."""
    context = ssl.create_default_context(cafile=tls.ca_file or None)
    if tls.insecure_skip_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if tls.cert_file:
        context.load_cert_chain(tls.cert_file, tls.key_file or None)
    return context


def _reason(error: Exception) -> str:
    cause: Any = error
    if isinstance(error, aiohttp.ClientConnectorError):
        cause = error.os_error
        if isinstance(cause, ConnectionRefusedError):
            return f"dial tcp {error.host}:{error.port}: connect: connection refused"
    return (str(cause) or type(cause).__name__)[:300]
