"""Our own scripts in Prometheus's test language: what its open scripts leave out."""

from pathlib import Path

import pytest

from metrics.promql.testrun import run

SCRIPTS = sorted((Path(__file__).parent / "scripts").glob("*.test"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_every_evaluation_of_the_script_passes(script: Path) -> None:
    report = run(script.read_text(encoding="utf-8"))
    assert report.reasons == ()
    assert report.passed > 5
