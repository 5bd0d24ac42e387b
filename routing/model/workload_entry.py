"""WorkloadEntry: a workload that the registry does not know."""

from dataclasses import dataclass

from routing.model.metadata import Metadata
from routing.model.service_entry import EntryEndpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadEntry:
    """Services and ServiceEntries of its namespace select it by the endpoint's labels."""

    metadata: Metadata
    endpoint: EntryEndpoint
