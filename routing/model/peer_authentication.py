"""PeerAuthentication: which mTLS a workload's servers ask for."""

from dataclasses import dataclass

from routing.ir import MtlsMode
from routing.model.metadata import Metadata
from topology.contracts import Labels


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerAuthentication:
    """Modes are None where unset (the next wider policy decides). Ports are container ports."""

    metadata: Metadata
    mode: MtlsMode | None = None
    selector: Labels = ()
    ports: tuple[tuple[int, MtlsMode | None], ...] = ()
