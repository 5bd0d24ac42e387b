"""What is explained after a change was taken back is what was explained before it."""

from dataclasses import replace

from routing.compile import Compiler, MeshInput
from routing.explain import MeshView, explain
from routing.explain.answer import Explanation
from routing.parse import parse_yaml
from tests.golden.cases import merged, secrets
from tests.routing.explain.fleet import pod_of
from tests.routing.explain.grid import KEYS, cases
from tests.routing.explain.test_equals_envoy import BASE, SHOP, question
from tests.routing.mesh import registry

CHANGED = frozenset({"Fallback", "Suspend", "VirtualService", "Sidecar", "DestinationRule"})


def explained(compiler: Compiler, given: MeshInput) -> list[Explanation]:
    view = MeshView(compiler.compile(given).configs, given.registry)
    return [
        explain(view, pod_of(given.registry, case.source), question(number, case))
        for number, case in enumerate(cases())
    ]


def test_a_revert_brings_every_explanation_back() -> None:
    base = parse_yaml(BASE.read_text())
    own = parse_yaml(SHOP.read_text().replace("@JWKS@", KEYS))
    documents = merged(base.documents, own.documents)
    before = MeshInput(
        documents=documents, registry=registry(documents), secrets=tuple(secrets(documents))
    )
    without = tuple(d for d in documents if d.key.kind not in CHANGED)
    compiler = Compiler()
    first = explained(compiler, before)
    changed = explained(compiler, replace(before, documents=without))
    assert sum(a != b for a, b in zip(first, changed, strict=True)) > 200
    assert explained(compiler, before) == first
