"""Files become a cluster: every object of every kind, and the mesh's own configuration."""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rest.contracts import Finding
from routing.checks.cluster import CLUSTER_SCOPED, Cluster, Object, part, string_map, text
from routing.checks.nested import parse_mapping
from routing.model.catalogue import finding
from routing.parse.text import read_values

MESH_FIELDS = frozenset(
    {"defaultConfig", "ingressControllerMode", "defaultProviders", "extensionProviders"}
    | {"enableAutoMtls", "outboundTrafficPolicy", "rootNamespace", "trustDomain", "accessLogFile"}
)
"""A document without a kind that has one of these is Istio's MeshConfig."""

LIST_LIMIT = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What was read. Objects of a file that breaks off in the middle are kept up to there."""

    cluster: Cluster
    findings: tuple[Finding, ...] = ()


def read_files(
    paths: Iterable[Path], mesh: Path | None = None, networks: Path | None = None
) -> Source:
    """Read YAML or JSON files (a folder means the files in it) as one cluster.

    `mesh` and `networks` are files of Istio's mesh configuration; it is also taken from
    ConfigMap `istio` of the root namespace, and from a document without a kind among the files.
    """
    read = [read_one(path) for given in paths for path in within(given)]
    objects = tuple(o for source in read for o in source.cluster.objects)
    findings = [f for source in read for f in source.findings]
    configuration, known = of_config_map(objects)
    for source in read:
        configuration = {**configuration, **source.cluster.mesh}
        known = {**known, **source.cluster.networks}
    for extra, target in ((mesh, configuration), (networks, known)):
        if extra is not None:
            content, problem = content_of(extra)
            target.update(parse_mapping(content))
            findings.extend(problem)
    root = text(configuration, "rootNamespace") or "istio-system"
    cluster = Cluster(
        objects=objects, mesh=configuration, networks=known, root_namespace=root, now=time.time()
    )
    return Source(cluster=cluster, findings=tuple(findings))


def within(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(p for p in path.rglob("*") if p.suffix in (".yaml", ".yml", ".json"))


def content_of(path: Path) -> tuple[str, list[Finding]]:
    try:
        return path.read_text(encoding="utf-8"), []
    except (OSError, UnicodeDecodeError) as error:
        return "", [finding("MSH1001", str(path), "", f"the file cannot be read: {error}")]


def read_one(path: Path) -> Source:
    content, problems = content_of(path)
    source = read_text(content, origin=str(path))
    return replace(source, findings=(*problems, *source.findings))


def read_text(content: str, origin: str = "") -> Source:
    """The objects of one text, with what was wrong in reading it."""
    objects: list[Object] = []
    findings: list[Finding] = []
    mesh: dict[str, Any] = {}
    networks: dict[str, Any] = {}
    for one in read_values(content):
        findings.extend(replace(f, resource=f.resource or origin) for f in one.findings)
        if one.value is None:
            continue
        if not isinstance(one.value, dict):
            findings.append(finding("MSH1010", origin, "", type(one.value).__name__))
        elif "kind" in one.value:
            objects.extend(unrolled(one.value, origin))
        elif "networks" in one.value:
            networks.update(one.value)
        elif MESH_FIELDS & one.value.keys():
            mesh.update(one.value)
        elif isinstance(one.value.get("pod"), dict) or isinstance(one.value.get("service"), dict):
            objects.extend(sketched(one.value, origin))
        else:
            findings.append(finding("MSH1011", origin, "kind", "kind"))
    cluster = Cluster(objects=tuple(objects), mesh=mesh, networks=networks)
    return Source(cluster=cluster, findings=tuple(findings))


def unrolled(value: Mapping[str, Any], origin: str) -> Iterator[Object]:
    """The object, or those of a List."""
    items = value.get("items")
    if isinstance(items, list) and str(value.get("kind")).endswith("List"):
        for item in items[:LIST_LIMIT]:
            if isinstance(item, dict):
                yield object_of(item, origin)
    else:
        yield object_of(value, origin)


def object_of(value: Mapping[str, Any], origin: str) -> Object:
    """As much of an object as there is; what is missing is empty."""
    group, _, version = text(value, "apiVersion").rpartition("/")
    metadata, kind = part(value, "metadata"), text(value, "kind")
    name, namespace = text(metadata, "name"), text(metadata, "namespace")
    scoped = kind not in CLUSTER_SCOPED
    return Object(
        group=group,
        version=version,
        kind=kind,
        namespace=(namespace or "default") if scoped else "",
        name=name,
        written=(f"{kind} {namespace}/{name}" if namespace else f"{kind} {name}").rstrip(),
        labels=string_map(metadata, "labels"),
        annotations=string_map(metadata, "annotations"),
        body=value,
        origin=origin,
    )


def sketched(value: Mapping[str, Any], origin: str) -> Iterator[Object]:
    """A pod and a service in short: name, namespace, labels, selector and ports at the top."""
    for key, kind in (("pod", "Pod"), ("service", "Service")):
        short = part(value, key)
        if short:
            metadata = {k: short[k] for k in ("name", "namespace", "labels") if k in short}
            spec = {k: v for k, v in short.items() if k not in metadata}
            whole = {"apiVersion": "v1", "kind": kind, "metadata": metadata, "spec": spec}
            yield object_of(whole, origin)


def of_config_map(objects: Iterable[Object]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Mesh configuration and networks of ConfigMap `istio`."""
    for one in objects:
        if one.kind == "ConfigMap" and one.name == "istio" and one.namespace == "istio-system":
            data = part(one.body, "data")
            return (
                dict(parse_mapping(text(data, "mesh"))),
                dict(parse_mapping(text(data, "meshNetworks"))),
            )
    return {}, {}
