"""An OTLP door over HTTP, from outside: ours, or any other."""

import http.client
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from telemetry.own.config import Endpoint
from telemetry.own.outbox import Sent, Signal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from opentelemetry.sdk.trace import ReadableSpan

PATIENCE_SECONDS = 5.0
_LATER = frozenset({408, 425, 429, 500, 502, 503, 504})
SCOPE = "meshweb"


class OtlpDoor:
    """A `telemetry.own.outbox.Destination` that keeps one connection."""

    carries = frozenset(Signal)

    def __init__(self, endpoint: Endpoint, resource: "Mapping[str, str]") -> None:
        parts = urlsplit(endpoint.url)
        self._secure = parts.scheme == "https"
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if self._secure else 4318)
        self._path = parts.path.rstrip("/")
        self._endpoint = endpoint
        self._headers = {**endpoint.headers, "content-type": "application/x-protobuf"}
        self._resource = Resource(attributes=pairs(resource))
        self._connection: http.client.HTTPConnection | None = None
        self.name = f"{self._host}:{self._port}"

    def traces(self, spans: "Sequence[ReadableSpan]") -> Sent:
        from opentelemetry.exporter.otlp.proto.common.trace_encoder import (  # noqa: PLC0415  not every process makes spans
            encode_spans,
        )

        return self._post("/v1/traces", encode_spans(spans).SerializeToString())

    def logs(self, records: Sequence[LogRecord]) -> Sent:
        scope = ScopeLogs(scope=InstrumentationScope(name=SCOPE), log_records=records)
        told = ResourceLogs(resource=self._resource, scope_logs=[scope])
        return self._post(
            "/v1/logs", ExportLogsServiceRequest(resource_logs=[told]).SerializeToString()
        )

    def metrics(self, request: bytes) -> Sent:
        return self._post("/v1/metrics", request)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _post(self, path: str, body: bytes) -> Sent:
        for kept in (True, False):
            if kept and self._connection is None:
                continue
            try:
                return self._ask(path, body)
            except (OSError, http.client.HTTPException):
                self.close()
        return Sent.AWAY

    def _ask(self, path: str, body: bytes) -> Sent:
        if self._connection is None:
            self._connection = self._connect()
        self._connection.request("POST", self._path + path, body=body, headers=self._headers)
        answer = self._connection.getresponse()
        answer.read()
        if answer.will_close:
            self.close()
        if answer.status in _LATER:
            return Sent.AWAY
        return Sent.TAKEN if answer.status < 300 else Sent.REFUSED

    def _connect(self) -> http.client.HTTPConnection:
        if self._secure:
            return http.client.HTTPSConnection(
                self._host, self._port, timeout=PATIENCE_SECONDS, context=self._endpoint.tls()
            )
        return http.client.HTTPConnection(self._host, self._port, timeout=PATIENCE_SECONDS)


def pairs(given: "Mapping[str, str] | Iterable[tuple[str, str]]") -> list[KeyValue]:
    """Attributes of text."""
    return [KeyValue(key=k, value=AnyValue(string_value=v)) for k, v in dict(given).items()]
