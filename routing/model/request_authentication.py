"""RequestAuthentication: whose tokens a workload believes."""

from dataclasses import dataclass

from routing.ir import JwtProvider
from routing.model.metadata import Metadata
from topology.contracts import Labels


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestAuthentication:
    """`providers` have no cluster yet where their keys are fetched."""

    metadata: Metadata
    selector: Labels = ()
    providers: tuple[JwtProvider, ...] = ()
