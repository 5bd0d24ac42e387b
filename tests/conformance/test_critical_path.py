"""Our critical path is Jaeger's."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.sets import BESIDE
from tracing.analysis.critical_path import Section, Timed, critical_path

CASES = sorted((BESIDE / "jaeger-critical-path").glob("*.json"))


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_the_sections_are_jaegers(case: Path) -> None:
    found = json.loads(case.read_text())
    assert critical_path(map(timed, found["trace"]["spans"])) == tuple(
        Section(one["spanID"], one["sectionStart"], one["sectionEnd"])
        for one in found["expected_sections"]
    )


def timed(span: dict[str, Any]) -> Timed:
    reference = (span["references"] or [{"spanID": "", "refType": ""}])[0]
    return Timed(
        span["spanID"],
        reference["spanID"],
        span["startTime"],
        span["startTime"] + span["duration"],
        reference["refType"] == "FOLLOWS_FROM",
    )
