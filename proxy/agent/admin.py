"""The few questions about a running Envoy that its agent answers, and what is never told of it.

Nothing else of Envoy's admin interface can be reached through the agent. Blocks: for a thread.
"""

import http.client
import json
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PATIENCE_SECONDS = 5.0
REDACTED = "[redacted]"
LEVELS = ("trace", "debug", "info", "warning", "error", "critical", "off")
_LOGGER = re.compile(r"[a-z0-9_-]{1,64}")
_TELLING = ("authorization", "cookie", "x-api-key")
"""Headers whose values open doors."""


class Unwilling(Exception):  # noqa: N818  an answer
    """The question is none that is answered, or Envoy does not like it; says why."""


@dataclass(frozen=True, slots=True)
class Question:
    """`ask` is config_dump, loggers or set_loggers; `level` is for all loggers, before `loggers`."""

    ask: str
    level: str = ""
    loggers: tuple[tuple[str, str], ...] = ()

    @staticmethod
    def read(given: Mapping[str, Any]) -> "Question":
        loggers = given.get("loggers") or {}
        if not isinstance(loggers, dict):
            raise Unwilling("loggers are not a mapping")
        return Question(
            ask=str(given.get("ask", "")),
            level=str(given.get("level") or ""),
            loggers=tuple((str(name), str(level)) for name, level in loggers.items()),
        )


def answer(admin: Path, question: Question) -> dict[str, Any]:
    """Envoy's answer as JSON, without keys and tokens. Raises Unwilling or OSError."""
    match question.ask:
        case "config_dump":
            dump = json.loads(_asked(admin, "GET", "/config_dump?include_eds"))
            return dict(without_secrets(dump))
        case "loggers":
            return {"loggers": loggers_in(_asked(admin, "POST", "/logging"))}
        case "set_loggers":
            return {"loggers": _set_loggers(admin, question)}
        case _:
            raise Unwilling(f"{question.ask!r} is no question")


def _set_loggers(admin: Path, question: Question) -> dict[str, str]:
    pairs = question.loggers
    for level in (*([question.level] if question.level else ()), *(level for _, level in pairs)):
        if level not in LEVELS:
            raise Unwilling(f"{level!r} is none of the levels {', '.join(LEVELS)}")
    known = loggers_in(_asked(admin, "POST", "/logging"))
    for name, _ in pairs:
        if not _LOGGER.fullmatch(name) or name not in known:
            raise Unwilling(f"this Envoy has no logger {name!r}")
    if question.level:
        known = loggers_in(_asked(admin, "POST", f"/logging?level={question.level}"))
    if pairs:
        listed = ",".join(f"{name}:{level}" for name, level in pairs)
        known = loggers_in(_asked(admin, "POST", f"/logging?paths={listed}"))
    return known


def loggers_in(text: str) -> dict[str, str]:
    """Levels by logger, from the lines of Envoy's /logging."""
    pairs = (line.strip().partition(": ") for line in text.splitlines() if line.startswith("  "))
    return {name: level for name, _, level in pairs}


def without_secrets(value: Any) -> Any:
    """What Envoy says, without the values of headers that let somebody in.

    Envoy itself leaves out private keys.
    """
    if isinstance(value, list):
        return [without_secrets(one) for one in value]
    if not isinstance(value, dict):
        return value
    if str(value.get("key", "")).lower() in _TELLING and "value" in value:
        return {**value, "value": REDACTED}
    return {key: without_secrets(one) for key, one in value.items() if key != "extensions"}


def _asked(admin: Path, method: str, path: str) -> str:
    connection = _AdminConnection(admin)
    try:
        connection.request(method, path, headers={"Content-Length": "0"})
        response = connection.getresponse()
        text = response.read().decode("utf-8", "replace")
    except http.client.HTTPException as error:
        raise OSError(f"Envoy's answer broke off: {error!r}") from error
    finally:
        connection.close()
    if response.status != 200:
        raise Unwilling(text.partition("\n")[0].removeprefix("error: ") or "Envoy refused")
    return text


class _AdminConnection(http.client.HTTPConnection):
    """HTTP over Envoy's own Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("envoy", timeout=PATIENCE_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(PATIENCE_SECONDS)
        self.sock.connect(str(self._path))
