"""Trials at rest."""

from collections.abc import Mapping
from typing import Any

from routing.contracts import Trial, TrialOutcome


def as_json(trial: Trial) -> dict[str, Any]:
    return {
        "outcome": trial.outcome.value,
        "parts": trial.parts,
        "ms": trial.ms,
        "error": trial.error,
    }


def from_json(kept: Mapping[str, Any]) -> Trial | None:
    """None for {}: there was none."""
    return Trial(**{**kept, "outcome": TrialOutcome(kept["outcome"])}) if kept else None
