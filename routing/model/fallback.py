"""Fallback (meshweb.dev/v1): what answers where a service cannot."""

from dataclasses import dataclass

from routing.ir import Answer, Failing
from routing.model.metadata import Metadata
from routing.model.virtual_service import Destination

MAX_BODY_BYTES = 4096
"""Envoy's own limit for a body that it holds in its configuration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallback:
    """For `host` (and `subset`, if given): either another `destination` or an `answer`.

    `routes` are names of a VirtualService's http rules; empty means all.
    """

    metadata: Metadata
    host: str
    subset: str = ""
    routes: tuple[str, ...] = ()
    destination: Destination | None = None
    answer: Answer | None = None
    on: tuple[Failing, ...] = (Failing.UNAVAILABLE,)
