"""The golden cases: one folder each, named by its feature.

`input.yaml` is read after `base.yaml` (a small shop that every case shares). `findings.yaml` and
`ir.yaml` are what becomes of it; files named `xds.<type>.yaml` belong to the xDS step. Pods that
the manifests ask for all run.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from rest.contracts import Finding
from routing.checks.check import CheckInput, check
from routing.compile import Mesh, MeshInput, compile_mesh
from routing.compile.secrets import tls_parts
from routing.contracts import Document, ResourceKey
from routing.ir import GatewaySecret, ProxyConfig, RouteConfig
from routing.parse import parse_yaml
from tests.routing.mesh import registry as running

HERE = Path(__file__).parent
NAMES = tuple(sorted(p.parent.name for p in HERE.glob("*/input.yaml")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case, read, checked and compiled."""

    name: str
    findings: tuple[Finding, ...]
    mesh: Mesh

    @property
    def folder(self) -> Path:
        return HERE / self.name


@cache
def load(name: str) -> Case:
    base = parse_yaml((HERE / "base.yaml").read_text())
    assert base.findings == ()
    parsed = parse_yaml((HERE / name / "input.yaml").read_text())
    documents = merged(base.documents, parsed.documents)
    registry = running(documents)
    checked = check(CheckInput(documents=documents, registry=registry))
    findings = (*parsed.findings, *(f for f in checked if f not in parsed.findings))
    mesh = compile_mesh(
        MeshInput(documents=documents, registry=registry, secrets=tuple(secrets(documents)))
    )
    return Case(name=name, findings=findings, mesh=mesh)


def merged(base: tuple[Document, ...], own: tuple[Document, ...]) -> tuple[Document, ...]:
    """A case may replace a document of the base."""
    return tuple(({d.key: d for d in base} | {d.key: d for d in own}).values())


def secrets(documents: tuple[Document, ...]) -> Iterator[GatewaySecret]:
    for document in documents:
        found = tls_parts(document)
        if found is not None:
            yield replace(found, digest="golden")


# --- as text -----------------------------------------------------------------------------------


def findings_text(findings: tuple[Finding, ...]) -> str:
    return text([plain(f) for f in findings])


def ir_text(case: Case) -> str:
    """What the case makes of each proxy, as far as it differs from the bare shop's.

    Parts that proxies share stand once; proxies name them ("#2" is the second of a name).
    """
    before = bare_shop() if case.name != BARE else Mesh(configs={}, modes={})
    known = {part for config in before.configs.values() for part in parts(config)}
    tables: dict[str, dict[str, Any]] = {"routes": {}, "clusters": {}, "endpoints": {}}
    proxies = {}
    for proxy_id, config in case.mesh.configs.items():
        earlier = before.proxy(proxy_id)
        own = {
            f.name: plain(getattr(config, f.name))
            for f in fields(config)
            if f.name not in tables
            and getattr(config, f.name) != getattr(earlier, f.name, f.default)
        }
        for field, table in tables.items():
            fresh = [p for p in getattr(config, field) if p not in known]
            gone = without(getattr(earlier, field, ()), getattr(config, field))
            own |= {field: [named(table, p) for p in fresh]} if fresh else {}
            own |= {f"{field}_gone": gone} if gone else {}
        if own:
            proxies[proxy_id] = own
    shared = {
        field: {name: shortened(part, known) for name, part in table.items()}
        for field, table in tables.items()
    }
    missing = [proxy_id for proxy_id in before.configs if proxy_id not in case.mesh.configs]
    return text({"proxies": proxies, "proxies_gone": missing, **shared})


BARE = "defaults"


@cache
def bare_shop() -> Mesh:
    return load(BARE).mesh


def parts(config: ProxyConfig) -> Iterator[Any]:
    yield from (*config.clusters, *config.endpoints, *config.routes)
    for routes in config.routes:
        yield from routes.virtual_hosts


def name_of(part: Any) -> str:
    return str(part.cluster if hasattr(part, "cluster") else part.name)


def without(before: tuple[Any, ...], after: tuple[Any, ...]) -> list[str]:
    names = {name_of(part) for part in after}
    return [name_of(part) for part in before if name_of(part) not in names]


def shortened(part: Any, known: set[Any]) -> Any:
    """A route configuration without the virtual hosts that the bare shop has too."""
    if not isinstance(part, RouteConfig):
        return plain(part)
    fresh = tuple(host for host in part.virtual_hosts if host not in known)
    return plain(replace(part, virtual_hosts=fresh))


def named(table: dict[str, Any], part: Any) -> str:
    number = 1
    name = name_of(part)
    while name in table and table[name] != part:
        number += 1
        name = f"{name_of(part)}#{number}"
    table.setdefault(name, part)
    return name


def plain(value: Any) -> Any:
    """Dataclasses as mappings without what is default."""
    match value:
        case ResourceKey():
            return str(value)
        case Enum():
            return value.value
        case tuple():
            return [plain(item) for item in value]
        case frozenset():
            return sorted(plain(item) for item in value)
        case _ if is_dataclass(value) and not isinstance(value, type):
            given = [(f, getattr(value, f.name)) for f in fields(value)]
            return {f.name: plain(v) for f, v in given if v != f.default}
        case _:
            return value


class Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  PyYAML's signature
        return True


def text(value: Any) -> str:
    return yaml.dump(value, Dumper=Dumper, sort_keys=False, width=100, allow_unicode=True)
