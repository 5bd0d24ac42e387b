"""Patterns that Python reads as RE2 does are left to Python; the others are RE2's alone."""

import subprocess
import sys

import pytest
from pyarrow import compute, scalar

from telemetry.scrape.relabel import matches

TEXTS = (
    "process_x", "__meta_kubernetes_pod_label_app", "1.2.3.4:80;9090", "1.2.3.4;90", "http",
    "https", "a\nb", "xabd", "xd", "", ";1", "x;\uff11",
)  # fmt: skip

OWN_JOBS = """
import sys
from telemetry.scrape.own import own_configuration
print(own_configuration("web=127.0.0.1:8000", "").problems, "pyarrow" in sys.modules)
"""


@pytest.mark.parametrize(
    "pattern",
    [
        "(process|python|meshweb_namespace)_.+",
        "__meta_kubernetes_pod_label_(.+)",
        r"(.+?)(?::\d+)?;(\d+)",
        "(https?)",
        "x(ab|c)?d",
        "a.b",
        "(a+)+",
    ],
)
def test_they_say_the_same(pattern: str) -> None:
    re2 = [
        bool(compute.match_substring_regex(scalar(text), pattern=f"^(?s:{pattern})$").as_py())
        for text in TEXTS
    ]
    assert [matches(pattern, text) for text in TEXTS] == re2


def test_the_jobs_that_come_with_meshweb_need_no_re2() -> None:
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            OWN_JOBS,
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert told.strip() == "() False"
