"""Findings at rest."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from rest.contracts import Finding, Severity


def as_json(finding: Finding) -> dict[str, Any]:
    return {**asdict(finding), "severity": finding.severity.value}


def all_json(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    return [as_json(finding) for finding in findings]


def from_json(kept: Mapping[str, Any]) -> Finding:
    return Finding(**{**kept, "severity": Severity(kept["severity"])})
