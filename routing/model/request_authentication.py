"""RequestAuthentication: whose tokens a workload believes."""

from dataclasses import dataclass

from routing.ir import JwtProvider
from routing.model.metadata import Metadata
from topology.contracts import Labels


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestAuthentication:
    """`targets` are Gateways of the Gateway API; None: `selector` decides. `providers` have no cluster yet where their keys are fetched."""

    metadata: Metadata
    selector: Labels = ()
    targets: tuple[str, ...] | None = None
    providers: tuple[JwtProvider, ...] = ()
