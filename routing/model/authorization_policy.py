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


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationPolicy:
    """`action` None is one that is not enforced. `dry_run`: matches are only counted."""

    metadata: Metadata
    action: Action | None = Action.ALLOW
    selector: Labels = ()
    rules: tuple[AuthRule, ...] = ()
    dry_run: bool = False
