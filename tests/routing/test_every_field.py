"""Every field of every Istio kind does something, is said not to, or is refused: none is silent.

The fields come from the schemas, so a new one fails here until an example in `fields/` has it.
An example's field is taken away and each of its words is tried; the Envoys of a small mesh must be
told something else, or a finding must name the field.
"""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from proxy.xds.options import Options
from proxy.xds.snapshot import SecretMaterial, Snapshots
from rest.contracts import Severity
from routing.compile import Compiler, MeshInput
from routing.compile.secrets import tls_parts
from routing.contracts import Document, ResourceKey
from routing.ir import GatewaySecret
from routing.parse import parse_yaml, read
from routing.parse.fields import KINDS, Kind
from routing.parse.schema import Anything, Enum, Fields, ListOf, MapOf, Type
from tests.routing.mesh import registry
from topology.contracts import Registry

HERE = Path(__file__).parent / "fields"
UNENFORCED = {"MSH1019", "MSH1130", "MSH1133", "MSH1134"}
ISTIO = {
    name: kind
    for name, kind in KINDS.items()
    if kind.api_versions[0].partition("/")[0].endswith(".istio.io")
}
Place = tuple[str | int, ...]
"""Where a value stands: keys and indexes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A field of a schema, "spec.http[].match[].uri", or with a `word` one of an enumeration's."""

    kind: str
    path: str
    word: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.path}" + (f" {self.word}" if self.word else "")


def parts(kind: str, of: Type, path: str) -> Iterator[Part]:
    match of:
        case Fields(fields=known):
            for name, inner in known.items():
                yield Part(kind=kind, path=f"{path}.{name}")
                if inner.enforced:
                    yield from parts(kind, inner, f"{path}.{name}")
        case ListOf(items=items):
            yield from parts(kind, items, f"{path}[]")
        case MapOf(values=values):
            yield from parts(kind, values, f"{path}{{}}")
        case Enum(values=values, later=later):
            for word in (*values, *later):
                yield Part(kind=kind, path=path, word=word)


def all_parts() -> list[Part]:
    return [part for name, kind in ISTIO.items() for part in parts(name, kind.spec, "spec")]


def is_silent_by_design(kind: Kind) -> bool:
    """A kind of which nothing is enforced says so once, for the whole spec."""
    return not kind.spec.enforced and isinstance(kind.spec, Anything)


# --- examples ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    kind: str
    metadata: Mapping[str, str]
    spec: dict[str, Any]
    beside: tuple[Document, ...]

    def document(self, spec: dict[str, Any]) -> Document:
        return made(ISTIO[self.kind].api_versions[0], self.kind, dict(self.metadata), spec)


def made(version: str, kind: str, metadata: dict[str, str], spec: dict[str, Any]) -> Document:
    key = ResourceKey(kind=kind, namespace=metadata["namespace"], name=metadata["name"])
    return Document(key=key, api_version=version, spec=spec)


@cache
def examples(kind: str) -> tuple[Example, ...]:
    path = HERE / f"{kind}.yaml"
    given = yaml.safe_load(path.read_text()) if path.exists() else []
    return tuple(
        Example(
            kind=kind,
            metadata=one["metadata"],
            spec=one["spec"],
            beside=tuple(
                made(b["apiVersion"], b["kind"], b["metadata"], b["spec"])
                for b in one.get("beside", ())
            ),
        )
        for one in given
    )


def places(value: Any, path: str, at: Place = ()) -> Iterator[Place]:
    """Everywhere in a spec where a schema's path leads."""
    if not path:
        yield at
    elif path.startswith("[]"):
        if isinstance(value, list):
            for i, item in enumerate(value):
                yield from places(item, path[2:], (*at, i))
    elif path.startswith("{}"):
        if isinstance(value, dict):
            for key, item in value.items():
                yield from places(item, path[2:], (*at, key))
    else:
        name = path[1:].partition(".")[0].partition("[")[0].partition("{")[0]
        if isinstance(value, dict) and name in value:
            yield from places(value[name], path[1 + len(name) :], (*at, name))


def shown(place: Place) -> str:
    """As findings write it."""
    return "spec" + "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in place)


def without(spec: dict[str, Any], place: Place) -> dict[str, Any]:
    changed = copy.deepcopy(spec)
    holder: Any = changed
    for step in place[:-1]:
        holder = holder[step]
    del holder[place[-1]]
    return changed


def with_word(spec: dict[str, Any], place: Place, word: str) -> dict[str, Any]:
    changed = copy.deepcopy(spec)
    holder: Any = changed
    for step in place[:-1]:
        holder = holder[step]
    holder[place[-1]] = word
    return changed


# --- what becomes of them ----------------------------------------------------------------------


@dataclass(slots=True)
class World:
    """A small mesh, and what each document that is added to it makes of its Envoys."""

    documents: tuple[Document, ...]
    registry: Registry
    secrets: tuple[GatewaySecret, ...]
    compiler: Compiler = field(default_factory=Compiler)
    snapshots: Snapshots = field(default_factory=lambda: Snapshots(Options()))

    def with_documents(self, *more: Document) -> MeshInput:
        return MeshInput(
            documents=(*self.documents, *more),
            registry=self.registry,
            secrets=self.secrets,
        )

    def told(self, document: Document, beside: tuple[Document, ...]) -> dict[str, dict[str, str]]:
        """The versions of everything that each Envoy is sent."""
        mesh = self.compiler.compile(self.with_documents(*beside, document))
        return {
            proxy_id: {
                name: one.version
                for resources in self.snapshots.snapshot(
                    config, material=material
                ).resources.values()
                for name, one in resources.items()
            }
            for proxy_id, config in mesh.configs.items()
        }


def material(secret: GatewaySecret) -> SecretMaterial:
    return SecretMaterial(
        certificate_chain=secret.name, private_key=secret.name, authorities=secret.name
    )


@cache
def world() -> World:
    parsed = parse_yaml((HERE / "world.yaml").read_text())
    assert [f for f in parsed.findings if f.severity is Severity.ERROR] == []
    found = (tls_parts(document) for document in parsed.documents)
    return World(
        documents=parsed.documents,
        registry=registry(parsed.documents),
        secrets=tuple(one for one in found if one is not None),
    )


def mesh_input(*more: Document) -> MeshInput:
    return world().with_documents(*more)


def refused(document: Document) -> bool:
    return any(f.severity is Severity.ERROR for f in read(document).findings)


def said(example: Example, spec: dict[str, Any], place: Place) -> bool:
    """Whether a finding says of this field, or of what it is in, that it has no effect."""
    where = shown(place)
    return any(
        f.code in UNENFORCED and (where.startswith(f.path) or f.path.startswith(where))
        for f in read(example.document(spec)).findings
    )


def has_effect(example: Example, spec: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether the Envoys are told two different things (or one of them is refused)."""
    one, two = example.document(spec), example.document(other)
    if refused(two):
        return True
    return world().told(one, example.beside) != world().told(two, example.beside)


@pytest.mark.parametrize("part", all_parts(), ids=str)
def test_no_field_is_silent(part: Part) -> None:
    found = [
        (example, place)
        for example in examples(part.kind)
        for place in places(example.spec, part.path.removeprefix("spec"))
    ]
    assert found, f"no example has {part}"
    if part.word:
        assert any(speaks(example, place, part) for example, place in found), part
    else:
        assert any(
            said(example, example.spec, place)
            or has_effect(example, example.spec, without(example.spec, place))
            for example, place in found
        ), part


def speaks(example: Example, place: Place, part: Part) -> bool:
    """Whether this word of an enumeration differs from another, or is said to do nothing."""
    spec = with_word(example.spec, place, part.word)
    if said(example, spec, place) or refused(example.document(spec)):
        return True
    words = [p.word for p in all_parts_of(part.kind) if p.path == part.path and p.word != part.word]
    return any(has_effect(example, spec, with_word(example.spec, place, word)) for word in words)


@cache
def all_parts_of(kind: str) -> tuple[Part, ...]:
    return tuple(parts(kind, ISTIO[kind].spec, "spec"))


@pytest.mark.parametrize("kind", [name for name, one in ISTIO.items() if is_silent_by_design(one)])
def test_a_kind_without_effect_says_so(kind: str) -> None:
    document = made(
        ISTIO[kind].api_versions[0], kind, {"namespace": "shop", "name": "a"}, {"any": "thing"}
    )
    assert [(f.code, f.path) for f in read(document).findings] == [("MSH1019", "spec")]


def test_examples_are_accepted() -> None:
    """What an example shows would be worth nothing if it were refused."""
    wrong = {
        (name, i): [str(f) for f in read(e.document(e.spec)).findings if f.severity == "error"]
        for name in ISTIO
        for i, e in enumerate(examples(name))
        if refused(e.document(e.spec))
    }
    assert wrong == {}
