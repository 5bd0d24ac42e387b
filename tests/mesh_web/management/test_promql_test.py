"""`meshweb promql-test`."""

import json
from pathlib import Path

import pytest
from django.core.management import call_command

from mesh_web.command_line import renamed

GOOD = "load 1m\n  x 1\n\neval instant at 0 x\n  x 1\n"
BAD = "eval instant at 0 1\n  2\n"


def test_each_file_has_its_counts_and_reasons(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = tmp_path / "good.test", tmp_path / "bad.test"
    good.write_text(GOOD)
    bad.write_text(BAD)
    with pytest.raises(SystemExit) as ended:
        call_command("promql_test", str(good), str(bad), "-o", "json")
    assert ended.value.code == 1
    reports = json.loads(capsys.readouterr().out)
    assert reports[str(good)] == {"passed": 1, "failed": 0, "skipped": 0, "reasons": []}
    assert reports[str(bad)]["failed"] == 1
    assert reports[str(bad)]["reasons"][0].startswith("line 1: failed: 1:")


def test_a_file_that_is_not_there_fails(tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        call_command("promql_test", str(tmp_path / "none.test"))


def test_a_dash_in_a_command_is_an_underscore_in_its_module() -> None:
    assert renamed(["promql-test", "a-b"]) == ["promql_test", "a-b"]
    assert renamed(["--version"]) == ["--version"]
    assert renamed([]) == []
