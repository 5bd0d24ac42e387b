"""What every case's input is said to be, and what is compiled from it."""

import pytest

from tests.golden.cases import HERE, NAMES, findings_text, ir_text, load


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("step", ["findings", "ir"])
def test_the_case_gives_its_golden_files(name: str, step: str, rewrite: bool) -> None:
    case = load(name)
    made = findings_text(case.findings) if step == "findings" else ir_text(case)
    path = case.folder / f"{step}.yaml"
    if rewrite:
        path.write_text(made)
    assert path.read_text() == made


def test_there_are_no_files_without_a_step(rewrite: bool) -> None:
    known = {"input.yaml", "findings.yaml", "ir.yaml", "questions.yaml", "explained.yaml"}
    stale = [
        path
        for path in HERE.glob("*/*")
        if path.is_file()
        and path.suffix == ".yaml"
        and (path.parent.name not in NAMES or path.name not in known)
        and not (path.parent.name in NAMES and path.name.startswith("xds."))
    ]
    for path in stale if rewrite else []:
        path.unlink()
    assert [path for path in stale if path.exists()] == []
