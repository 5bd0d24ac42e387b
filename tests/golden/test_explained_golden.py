"""What is explained of some requests, for the cases that ask about some (`questions.yaml`)."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from routing.explain import Caller, MeshView, Question, caller, explain
from routing.parse import parse_yaml
from tests.golden.cases import HERE, load, merged, plain, text
from tests.routing.mesh import registry as running
from topology.contracts import Registry

ASKING = tuple(sorted(path.parent.name for path in HERE.glob("*/questions.yaml")))
PORTS = {"http": 80, "https": 443}
AT = 1_900_000_000.0


@pytest.mark.parametrize("name", ASKING)
def test_the_case_explains_its_questions(name: str, rewrite: bool) -> None:
    made = text(list(answers(name)))
    path = HERE / name / "explained.yaml"
    if rewrite:
        path.write_text(made)
    assert path.read_text() == made


def answers(name: str) -> Iterator[dict[str, Any]]:
    registry = registry_of(name)
    view = MeshView(load(name).mesh.configs, registry)
    for asked in yaml.safe_load((HERE / name / "questions.yaml").read_text()):
        found = caller(registry, asked["source"])
        assert isinstance(found, Caller)
        made = explain(view, found.pod, question(asked))
        yield {"question": asked, "explanation": plain(made)}


def registry_of(name: str) -> Registry:
    texts = [HERE / "base.yaml", HERE / name / "input.yaml"]
    base, own = (parse_yaml(path.read_text()).documents for path in texts)
    return running(merged(base, own))


def question(asked: dict[str, Any]) -> Question:
    parts = urlsplit(asked["url"])
    query = f"?{parts.query}" if parts.query else ""
    return Question(
        method=asked.get("method", "GET"),
        scheme=parts.scheme,
        authority=parts.netloc,
        port=parts.port or PORTS[parts.scheme],
        path=f"{parts.path or '/'}{query}",
        headers=tuple(asked.get("headers", {}).items()),
        claims=asked.get("claims"),
        at=AT,
    )
