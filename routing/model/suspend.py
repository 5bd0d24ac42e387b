"""Suspend (meshweb.dev/v1): a workload or a service that is out of traffic for now."""

from dataclasses import dataclass

from routing.model.metadata import Metadata


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspend:
    """Exactly one of `workload` and `service` is given, a name in the resource's own namespace."""

    metadata: Metadata
    workload: str = ""
    service: str = ""
    reason: str = ""
