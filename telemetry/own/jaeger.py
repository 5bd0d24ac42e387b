"""A Jaeger that runs already: spans in its own Thrift, by OpenTelemetry's last exporter for it.

That release (1.21.0) reads names of environment variables that today's SDK no longer has.
"""

import contextlib
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from telemetry.own.outbox import Sent, Signal

if TYPE_CHECKING:
    from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
    from opentelemetry.sdk.trace import ReadableSpan

PATIENCE_SECONDS = 5
_NAMES = (
    "AGENT_HOST", "AGENT_PORT", "AGENT_SPLIT_OVERSIZED_BATCHES", "ENDPOINT", "PASSWORD", "TIMEOUT",
    "USER",
)  # fmt: skip


class ExtraMissing(ImportError):  # noqa: N818  says what is missing
    """MESHWEB_JAEGER_ENDPOINT is set and `meshweb[jaeger]` is not installed."""


class JaegerDoor:
    """A `telemetry.own.outbox.Destination`: `http(s)://[user:password@]host:14268/api/traces`
    (a collector) or `udp://host:6831` (an agent)."""

    carries = frozenset({Signal.TRACES})

    def __init__(self, url: str) -> None:
        """Raises ExtraMissing."""
        self._url = urlsplit(url)
        self._exporter: Any = None
        self._make = _exporter_class()
        self.name = f"jaeger {self._url.hostname}:{self._url.port or self._default_port()}"

    def traces(self, spans: "Sequence[ReadableSpan]") -> Sent:
        try:
            if self._exporter is None:
                self._exporter = self._connected()
            self._exporter.export(spans)
        except Exception:  # whatever Thrift raises; what it had buffered would be sent again
            self.close()
            return Sent.AWAY
        return self._answer()

    def logs(self, records: "Sequence[LogRecord]") -> Sent:
        del records
        return Sent.REFUSED

    def metrics(self, request: bytes) -> Sent:
        del request
        return Sent.REFUSED

    def close(self) -> None:
        collector = getattr(self._exporter, "_collector", None)  # None for an agent
        if collector is not None:
            with contextlib.suppress(OSError):
                collector.http_transport.close()
        self._exporter = None

    def _connected(self) -> Any:
        host = self._url.hostname or "localhost"
        if self._url.scheme == "udp":
            return self._make(
                agent_host_name=host,
                agent_port=self._url.port or self._default_port(),
                udp_split_oversized_batches=True,
            )
        address = f"{host}:{self._url.port or self._default_port()}"
        return self._make(
            collector_endpoint=f"{self._url.scheme}://{address}{self._url.path or '/api/traces'}",
            username=None if self._url.username is None else unquote(self._url.username),
            password=None if self._url.password is None else unquote(self._url.password),
            timeout=PATIENCE_SECONDS,
        )

    def _answer(self) -> Sent:
        """The exporter says SUCCESS whatever the collector answered."""
        if self._url.scheme == "udp":
            return Sent.TAKEN
        code = self._exporter._collector_http_client.http_transport.code
        if 200 <= code < 300:
            return Sent.TAKEN
        return Sent.AWAY if code == 429 or code >= 500 else Sent.REFUSED

    def _default_port(self) -> int:
        return 6831 if self._url.scheme == "udp" else 14268


def _exporter_class() -> Any:
    import warnings  # noqa: PLC0415

    from opentelemetry.sdk import environment_variables  # noqa: PLC0415

    for name in _NAMES:
        variable = f"OTEL_EXPORTER_JAEGER_{name}"
        if not hasattr(environment_variables, variable):
            setattr(environment_variables, variable, variable)
    try:
        from opentelemetry.exporter.jaeger.thrift import JaegerExporter  # noqa: PLC0415
    except ImportError as error:
        raise ExtraMissing(
            "MESHWEB_JAEGER_ENDPOINT needs what `pip install 'meshweb[jaeger]'` brings"
        ) from error
    # it says on every failure what our outbox says once
    logging.getLogger("opentelemetry.exporter.jaeger").setLevel(logging.CRITICAL)

    def make(**given: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # it is there for old Jaegers
            return JaegerExporter(**given)

    return make
