"""How much an Envoy logs: read and set while it runs."""

from typing import Annotated, Literal

from django.http import HttpRequest
from ninja import Field, Router, Schema
from pydantic import StringConstraints, model_validator

from proxy.envoys.asking import NotTold, Told, envoy_says, must_tell
from proxy.envoys.naming import ProxyId, known
from rest.access import require_write
from rest.shapes import ERRORS

router = Router()

Level = Literal["trace", "debug", "info", "warning", "error", "critical", "off"]
Logger = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,64}$")]


class LogLevelIn(Schema):
    """A `level` for all loggers, levels for some `loggers`, or both: all first, then those."""

    model_config = {"extra": "forbid"}  # noqa: RUF012  pydantic's way

    level: Level | None = None
    loggers: dict[Logger, Level] = Field(default_factory=dict, max_length=200)

    @model_validator(mode="after")
    def _says_something(self) -> "LogLevelIn":
        if self.level is None and not self.loggers:
            raise ValueError("give a level, or loggers with theirs")
        return self


class LogLevelOut(Schema):
    """Levels by logger; `level` where all have the same."""

    level: str | None
    loggers: dict[str, str]


@router.get(
    "/proxies/{proxy_id}/log_level",
    response={200: LogLevelOut, **ERRORS},
    summary="Read an Envoy's log levels",
)
def log_level(request: HttpRequest, proxy_id: ProxyId) -> LogLevelOut:  # noqa: ARG001
    known(proxy_id)
    return _shown(envoy_says(proxy_id, "loggers"))


@router.put(
    "/proxies/{proxy_id}/log_level",
    response={200: LogLevelOut, **ERRORS},
    summary="Set an Envoy's log levels, until it restarts",
)
def set_log_level(request: HttpRequest, proxy_id: ProxyId, body: LogLevelIn) -> LogLevelOut:
    require_write(request, known(proxy_id).namespace)
    asked = envoy_says(proxy_id, "set_loggers", level=body.level, loggers=body.loggers)
    return _shown(asked)


def _shown(told: Told | NotTold) -> LogLevelOut:
    loggers = {str(name): str(level) for name, level in must_tell(told).content["loggers"].items()}
    levels = set(loggers.values())
    return LogLevelOut(level=levels.pop() if len(levels) == 1 else None, loggers=loggers)
