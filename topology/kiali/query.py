"""One of Kiali's queries: rates of a metric, summed by what tells edges apart."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

Labels = Mapping[str, str]
Vector = tuple[tuple[Labels, float], ...]
"""An instant vector: labels and value of each series."""

PLACES = (
    "source_cluster", "source_workload_namespace", "source_workload", "source_canonical_service",
    "source_canonical_revision", "destination_cluster", "destination_service_namespace",
    "destination_service", "destination_service_name", "destination_workload_namespace",
    "destination_workload", "destination_canonical_service", "destination_canonical_revision",
)  # fmt: skip
REQUESTS = "istio_requests_total"
TCP_SENT, TCP_RECEIVED = "istio_tcp_sent_bytes_total", "istio_tcp_received_bytes_total"
GRPC_SENT, GRPC_RECEIVED = "istio_request_messages_total", "istio_response_messages_total"
_BY = {
    REQUESTS: (
        *PLACES, "request_protocol", "response_code", "grpc_response_status", "response_flags",
    ),
    TCP_SENT: ("app", *PLACES, "response_flags"),
    TCP_RECEIVED: ("app", *PLACES, "response_flags"),
    GRPC_SENT: PLACES,
    GRPC_RECEIVED: PLACES,
}  # fmt: skip


@dataclass(frozen=True)
class Matcher:
    """`op` is PromQL's; a regular expression matches the whole value."""

    label: str
    op: str
    value: str

    def matches(self, labels: Labels) -> bool:
        value = labels.get(self.label, "")
        if self._regex is not None:
            return (self._regex.fullmatch(value) is not None) == (self.op == "=~")
        return (value == self.value) == (self.op == "=")

    @cached_property
    def _regex(self) -> re.Pattern[str] | None:
        return re.compile(self.value) if self.op.endswith("~") else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """`idle`: series that stand still are wanted too. `aggregate`: a label that classifies requests."""

    metric: str
    matchers: tuple[Matcher, ...]
    seconds: int
    idle: bool = False
    aggregate: str = ""

    @property
    def by(self) -> tuple[str, ...]:
        return (*_BY[self.metric], *((self.aggregate,) if self.aggregate else ()))


def is_(label: str, value: str) -> Matcher:
    return Matcher(label, "=", value)


def is_not(label: str, value: str) -> Matcher:
    return Matcher(label, "!=", value)


def like(label: str, pattern: str) -> Matcher:
    return Matcher(label, "=~", pattern)
