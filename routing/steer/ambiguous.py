"""A request that could mean more than one thing."""

from dataclasses import dataclass

from routing.contracts import ResourceKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Ambiguous:
    """There is more than one thing a control could mean, or none that it can hold."""

    message: str
    resources: tuple[ResourceKey, ...]
