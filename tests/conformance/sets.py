"""Where the conformance data is, and how a set is judged as a whole."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

BESIDE = Path(__file__).resolve().parents[3] / "shared" / "conformance"
SHARE_TO_AGREE = 0.95

Cases = dict[str, dict[str, Any]]


def folder(name: str) -> Path:
    """The folder of a set; skips the test where the data is not present."""
    found = Path(os.environ.get("MESHWEB_CONFORMANCE") or BESIDE) / name
    if not (found / "expected.json").exists():
        pytest.skip(f"no conformance data at {found} (MESHWEB_CONFORMANCE says where it is)")
    return found


def expected(where: Path) -> Cases:
    cases: Cases = json.loads((where / "expected.json").read_text())
    return cases


def judge(cases: Cases, difference: Callable[[dict[str, Any]], object]) -> None:
    """Every case is tried; a difference is anything truthy. Fails under the share to agree."""
    differences = {name: difference(case) for name, case in cases.items()}
    wrong = {name: found for name, found in differences.items() if found}
    agreed = len(cases) - len(wrong)
    print(f"{agreed} of {len(cases)} agree")
    for name, found in wrong.items():
        print(f"  {name}: {found}")
    assert agreed >= SHARE_TO_AGREE * len(cases), wrong
