"""Prometheus's own test scripts and query forms, where the data is at hand."""

import itertools
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from metrics.promql.engine import Engine
from metrics.promql.errors import Failure
from metrics.promql.memory import Memory
from metrics.promql.notation import line
from metrics.promql.testrun import run

ROOT = Path(
    os.environ.get("MESHWEB_CONFORMANCE")
    or Path(__file__).parents[2].parent / "shared" / "conformance"
)
SCRIPTS = sorted((ROOT / "promql").glob("*.test"))
QUERIES = ROOT / "promql-compliance" / "queries.json"

DEMO = """
demo_memory_usage_bytes{instance="h:10000", job="demo", type="free"} 10+1x40
demo_memory_usage_bytes{instance="h:10000", job="demo", type="used"} 20+2x40
demo_memory_usage_bytes{instance="h:10001", job="demo", type="free"} 30+3x40
demo_cpu_usage_seconds_total{instance="h:10000", job="demo", mode="user"} 0+5x40
demo_num_cpus{instance="h:10000", job="demo"} 4x40
demo_num_cpus{instance="h:10001", job="demo"} 8x40
demo_api_request_duration_seconds_bucket{instance="h:10000", le="0.1"} 0+1x40
demo_api_request_duration_seconds_bucket{instance="h:10000", le="+Inf"} 0+2x40
"""


@pytest.mark.skipif(not SCRIPTS, reason=f"there are no test scripts in {ROOT / 'promql'}")
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_the_engine_gives_the_values_of_prometheus(script: Path) -> None:
    report = run(script.read_text(encoding="utf-8"))
    assert report.reasons == ()
    assert report.passed > 0


@pytest.mark.skipif(not QUERIES.exists(), reason=f"there is no {QUERIES}")
def test_every_query_form_is_accepted_or_refused_as_prometheus_does() -> None:
    forms = json.loads(QUERIES.read_text(encoding="utf-8"))
    engine = Engine(source=_demo())
    wrong = [
        query
        for template in forms["templates"]
        for query in _expansions(template["template"], forms["variants"])
        if isinstance(engine.range(query, 0, 600_000, 10_000), Failure)
        is not template.get("should_fail", False)
    ]
    assert wrong == []


def _expansions(template: str, variants: Mapping[str, Sequence[str]]) -> Iterator[str]:
    names = list(dict.fromkeys(re.findall(r"\{\{\.(\w+)\}\}", template)))
    for values in itertools.product(*(variants[name] for name in names)):
        query = template
        for name, value in zip(names, values, strict=True):
            query = query.replace(f"{{{{.{name}}}}}", value)
        yield query


def _demo() -> Memory:
    memory = Memory()
    for text in DEMO.split("\n"):
        if text:
            series = line(text)
            points = [
                (i * 15_000, value) for i, value in enumerate(series.points) if value is not None
            ]
            memory.add(series.labels, points)
    return memory
