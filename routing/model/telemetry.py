"""Telemetry: what proxies tell of what they do."""

from dataclasses import dataclass

from routing.ir import AccessLog
from routing.model.metadata import Metadata
from topology.contracts import Labels


@dataclass(frozen=True, slots=True, kw_only=True)
class Telemetry:
    """None is not said here: a wider one decides."""

    metadata: Metadata
    selector: Labels = ()
    sampling_percent: float | None = None
    spans: bool | None = None
    client: AccessLog | None = None
    server: AccessLog | None = None
