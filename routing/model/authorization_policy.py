"""AuthorizationPolicy: who may do what to a workload."""

from dataclasses import dataclass
from enum import StrEnum

from routing.ir import AuthRule
from routing.model.metadata import Metadata
from topology.contracts import Labels


class Action(StrEnum):
    ALLOW = "ALLOW"
    DENY = "DENY"
    AUDIT = "AUDIT"
    CUSTOM = "CUSTOM"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationPolicy:
    """`targets` are Gateways of the Gateway API; None: `selector` decides. `dry_run`: matches are only
    counted."""

    metadata: Metadata
    action: Action = Action.ALLOW
    selector: Labels = ()
    targets: tuple[str, ...] | None = None
    rules: tuple[AuthRule, ...] = ()
    dry_run: bool = False
