"""Sidecar: what a workload can see of the mesh."""

from dataclasses import dataclass

from routing.model.hosts import covers
from routing.model.metadata import Metadata
from topology.contracts import Labels


@dataclass(frozen=True, slots=True, kw_only=True)
class Sidecar:
    """`egress` holds (namespace or "*", host pattern); None shows everything.

    `allow_any`: hosts that nobody knows can be reached too.
    """

    metadata: Metadata
    selector: Labels = ()
    egress: tuple[tuple[str, str], ...] | None = None
    allow_any: bool = False

    def shows(self, namespace: str, host: str) -> bool:
        """Whether a host that a namespace's resource declares can be seen."""
        if self.egress is None:
            return True
        return any(
            where in ("*", namespace) and covers(pattern, host) for where, pattern in self.egress
        )
