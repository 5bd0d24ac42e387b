"""Configurations that pass our checks and that Envoy refuses: one file each, named by what is wrong.

Each is added to `base.yaml`. The resource at fault is called "culprit"; what stands beside it, if
anything, is innocent or cannot be without it. `words.yaml` has what of Envoy's sentence must reach
the author.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from routing.contracts import Document, ResourceKey
from routing.parse import parse_yaml

HERE = Path(__file__).parent
NAMES = tuple(sorted(path.stem for path in HERE.glob("*-*.yaml")))


@dataclass(frozen=True, slots=True)
class Case:
    """`words` is what Envoy says of it."""

    text: str
    documents: tuple[Document, ...]
    words: str

    @property
    def culprit(self) -> ResourceKey:
        return self.documents[0].key


@cache
def base() -> tuple[Document, ...]:
    return _read((HERE / "base.yaml").read_text())


@cache
def load(name: str) -> Case:
    text = (HERE / f"{name}.yaml").read_text()
    words: dict[str, str] = yaml.safe_load((HERE / "words.yaml").read_text())
    return Case(text, _read(text), words[name])


def _read(text: str) -> tuple[Document, ...]:
    parsed = parse_yaml(text)
    assert [one for one in parsed.findings if one.severity == "error"] == []
    return parsed.documents
