"""Where the server is, and talking to it."""

import http.client
import json
import re
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from mesh_web.cli.exits import AWAY, FINDINGS, USAGE, Stop

PATIENCE_SECONDS = 75.0
"""Longer than the longest wait that the server grants."""
PAGE = 1000
MOST_BYTES = 2_500_000
"""A server hangs up on a request that is larger, and may not be heard saying why."""

Json = Any
Query = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A server's URL and how to be let in; `hint` says where a token is looked for."""

    url: str
    token: str = field(repr=False)
    hint: str = ""


def find(server: str, token: str, environment: Mapping[str, str]) -> Place:
    """What was given, what the environment says, or the copy that runs on this machine."""
    url = server or environment.get("MESHWEB_URL", "") or _own_url(environment)
    kept = Path(environment.get("MESHWEB_HOME", "") or ".meshweb") / "admin-token"
    word = token or environment.get("MESHWEB_TOKEN", "")
    hint = f"Give --token or MESHWEB_TOKEN; without them, and for this machine only, it is read from {kept}."
    if not word and _is_here(url):
        try:
            word = kept.read_text(encoding="utf-8").strip()
        except OSError:
            word = ""
    if not re.fullmatch(r"[!-~]*", word):
        raise Stop(USAGE, "This is no token: it has spaces, line ends or letters that none has.")
    return Place(url=url.rstrip("/"), token=word, hint=hint)


def _is_here(url: str) -> bool:
    """The administrator's own token is for this machine: it goes nowhere else by itself."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    return host in ("localhost", "::1") or host.startswith("127.")


def _own_url(environment: Mapping[str, str]) -> str:
    offset = environment.get("MESHWEB_PORT_OFFSET", "") or "0"
    if not offset.isdigit():
        raise Stop(USAGE, f"MESHWEB_PORT_OFFSET must be a number, not {offset!r}.")
    return f"http://127.0.0.1:{8000 + int(offset)}"


class Server:
    """Calls the REST API; what goes wrong ends the command (Stop)."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def get(self, path: str, query: Query | None = None) -> Json:
        return self.call("GET", path, query)

    def items(self, path: str, query: Query | None = None) -> Iterator[Json]:
        """Every item of a list, page after page."""
        asked = {"limit": str(PAGE), **(query or {})}
        while True:
            page = self.get(path, asked)
            yield from page["items"]
            if page.get("next") is None:
                return
            asked["cursor"] = page["next"]

    def call(
        self,
        method: str,
        path: str,
        query: Query | None = None,
        *,
        body: Json = None,
        yaml: str | None = None,
    ) -> Json:
        """The answer of a call that went well, as plain values."""
        given = {name: text for name, text in (query or {}).items() if text}
        target = f"/api/v1{path}" + (f"?{urlencode(given)}" if given else "")
        headers = {"Accept": "application/json", "User-Agent": "meshweb"}
        if self._place.token:
            headers["Authorization"] = f"Bearer {self._place.token}"
        content = None
        if yaml is not None:
            content, headers["Content-Type"] = yaml.encode(), "application/yaml"
        elif body is not None:
            content, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        if content is not None and len(content) > MOST_BYTES:
            size = f"{len(content):,} bytes; a request holds at most {MOST_BYTES:,}"
            raise Stop(FINDINGS, f"This is too large: {size}.")
        status, answer = self._send(method, target, content, headers)
        return self._judge(status, answer)

    def _send(
        self, method: str, target: str, content: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, bytes]:
        try:
            connection, prefix = self._connection()
            try:
                connection.request(method, prefix + target, content, dict(headers))
                response = connection.getresponse()
                return response.status, response.read()
            finally:
                connection.close()
        except (UnicodeError, http.client.InvalidURL) as error:
            raise Stop(USAGE, f"{self._place.url} is no URL of a server: {error}.") from error
        except ssl.SSLError as error:
            raise Stop(
                AWAY, f"{self._place.url} does not speak TLS as expected: {error}."
            ) from error
        except (OSError, http.client.HTTPException) as error:
            reason = str(error) or type(error).__name__
            raise Stop(
                AWAY,
                f"No Meshweb answers at {self._place.url} ({reason}). "
                "Start it with `meshweb up`, or name another with --server or MESHWEB_URL.",
            ) from error

    def _connection(self) -> tuple[http.client.HTTPConnection, str]:
        try:
            parts = urlsplit(self._place.url)
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise Stop(USAGE, f"{self._place.url} is no URL of a server: {error}.") from error
        if parts.scheme not in ("http", "https") or not host:
            raise Stop(
                USAGE, f"{self._place.url} is no URL of a server; write http://127.0.0.1:8000."
            )
        kind = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        )
        return kind(host, port, timeout=PATIENCE_SECONDS), parts.path.rstrip("/")

    def _judge(self, status: int, answer: bytes) -> Json:
        try:
            value = json.loads(answer) if answer else None
        except ValueError as error:
            raise Stop(
                AWAY,
                f"What answers at {self._place.url} is not Meshweb ({status}, no JSON). "
                "Name another server with --server or MESHWEB_URL.",
            ) from error
        if status < 300:
            return value
        told = value if isinstance(value, dict) else {}
        message = str(told.get("message") or f"The server answered {status}.")
        where = told.get("path")
        if where and status == 422:
            message = f"{where}: {message}"
        if status == 401:
            message = f"{self._place.url} does not know this token. {self._place.hint}"
        elif status == 403:
            message += " Use a token that may: `meshweb token create --role operator --name ME`."
        raise Stop(AWAY if status >= 500 else FINDINGS, message, told.get("findings") or ())


def segment(text: str) -> str:
    """A word as part of a path."""
    return quote(text, safe="")
