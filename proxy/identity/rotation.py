"""The phases of a root rotation: what is trusted, what signs, what proves a phase. Pure.

Nobody may meet a certificate whose root it does not trust. So the new root is trusted by all before
anything is signed with it, and the old one until nothing is signed with it any more.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Phase(StrEnum):
    """The last two have ended. RETURNING and DROPPING are the way back."""

    DISTRIBUTING = "distributing"
    ISSUING = "issuing"
    WITHDRAWING = "withdrawing"
    RETURNING = "returning"
    DROPPING = "dropping"
    DONE = "done"
    ABORTED = "aborted"


NEXT: Mapping[Phase, Phase] = {
    Phase.DISTRIBUTING: Phase.ISSUING,
    Phase.ISSUING: Phase.WITHDRAWING,
    Phase.WITHDRAWING: Phase.DONE,
    Phase.RETURNING: Phase.DROPPING,
    Phase.DROPPING: Phase.ABORTED,
}
BACK: Mapping[Phase, Phase] = {
    Phase.DISTRIBUTING: Phase.DROPPING,
    Phase.ISSUING: Phase.RETURNING,
}
"""What an abort leads to. Once the old root is being withdrawn there is no way back."""

SIGNS_NEW = frozenset({Phase.ISSUING, Phase.WITHDRAWING, Phase.DONE})
TRUSTS_OLD = frozenset({Phase.DISTRIBUTING, Phase.ISSUING, Phase.RETURNING, Phase.DROPPING})
TRUSTS_NEW = frozenset({Phase.DISTRIBUTING, Phase.ISSUING, Phase.WITHDRAWING, Phase.RETURNING})

_ORDER = (
    Phase.DISTRIBUTING,
    Phase.ISSUING,
    Phase.RETURNING,
    Phase.WITHDRAWING,
    Phase.DROPPING,
    Phase.DONE,
    Phase.ABORTED,
)


@dataclass(frozen=True, slots=True)
class Held:
    """What somebody has proved to hold: fingerprints of its certificate's root and of its trust."""

    issuer: str
    roots: frozenset[str]


def version(rotation: int, phase: Phase) -> int:
    """Grows with every phase of every rotation (they are numbered)."""
    return rotation * 10 + _ORDER.index(phase)


def lacks(phase: Phase, old: str, new: str, held: Held) -> str:
    """What is missing until this phase is proved; "" when nothing is."""
    match phase:
        case Phase.DISTRIBUTING if new not in held.roots:
            return "does not trust the new root yet"
        case Phase.ISSUING if held.issuer != new:
            return "still shows a certificate of the old root"
        case Phase.WITHDRAWING if old in held.roots:
            return "still trusts the old root"
        case Phase.RETURNING if held.issuer != old:
            return "still shows a certificate of the new root"
        case Phase.DROPPING if new in held.roots:
            return "still trusts the new root"
    return ""
