"""One text of YAML, split into documents with their metadata apart."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from rest.contracts import Finding, Severity
from routing.contracts import Document, ResourceKey
from routing.model.catalogue import finding
from routing.parse.fields import KINDS
from routing.parse.resources import ENOUGH_FINDINGS, read
from routing.parse.schema import nearest, shown
from routing.parse.text import MAX_DOCUMENTS, Value, read_values

PLATFORM_KINDS: frozenset[str] = frozenset(
    {"Namespace", "ServiceAccount", "Service", "Deployment", "Secret"}
)
"""Kubernetes kinds that `topology.manifests` reads; here they are only recognised."""

WITHOUT_SPEC = frozenset({"Secret", "ServiceAccount"})
"""Their content stands beside the metadata; a Document, and what REST answers, has it in `spec`."""

NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
TOP_FIELDS = frozenset({"apiVersion", "kind", "metadata", "spec", "status"})
METADATA_FIELDS = frozenset(
    {"name", "namespace", "labels", "annotations", "uid", "resourceVersion", "generation"}
    | {"creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"}
    | {"managedFields", "ownerReferences", "finalizers"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """What could be read, and all that was wrong or worth saying.

    A document with an error is left out of `documents`; one with warnings is in.
    """

    documents: tuple[Document, ...] = ()
    findings: tuple[Finding, ...] = ()


def parse_yaml(text: str) -> Parsed:
    """Read one or many YAML documents (`List` kinds are unrolled). Never raises for bad input."""
    documents: dict[ResourceKey, Document] = {}
    findings: list[Finding] = []
    wrong = False
    for one in objects(read_values(text)):
        read_one = read_object(one)
        findings.extend(read_one.findings)
        wrong = wrong or has_error(read_one.findings)
        if wrong and len(findings) >= ENOUGH_FINDINGS:
            break
        for document in read_one.documents:
            if document.key in documents:
                findings.append(finding("MSH1015", document.key, "metadata.name", document.key))
            elif len(documents) == MAX_DOCUMENTS:
                findings.append(finding("MSH1003", "", "", MAX_DOCUMENTS))
                return Parsed(documents=tuple(documents.values()), findings=tuple(findings))
            else:
                documents[document.key] = document
    return Parsed(documents=tuple(documents.values()), findings=tuple(findings))


def objects(values: Iterator[Value]) -> Iterator[Value]:
    """One value per object: lists are unrolled, empty documents dropped."""
    for one in values:
        items = one.value.get("items") if isinstance(one.value, dict) else None
        kind = one.value.get("kind") if isinstance(one.value, dict) else None
        if isinstance(kind, str) and kind.endswith("List") and isinstance(items, list):
            if one.findings:
                yield Value(value=None, findings=one.findings)
            for item in items:
                yield Value(value={} if item is None else item, findings=())
        elif one.value is not None or one.findings:
            yield one


def read_object(one: Value) -> Parsed:
    """The document of one object with its findings; no document where one is an error."""
    if one.value is None:
        about = one.partial if isinstance(one.partial, dict) else {}
        name = name_of_broken(about)
        return Parsed(findings=tuple(replace(f, resource=f.resource or name) for f in one.findings))
    if not isinstance(one.value, dict):
        return Parsed(findings=(*one.findings, finding("MSH1010", "", "", shown(one.value))))
    kind, key = one.value.get("kind"), key_of(one.value)
    found = [replace(f, resource=str(key) if key else name_of(one.value)) for f in one.findings]
    found.extend(envelope(one.value, kind, key or name_of(one.value)))
    if key is None or has_error(found):
        return Parsed(findings=tuple(found))
    document = document_of(one.value, key)
    if key.kind not in PLATFORM_KINDS:
        found.extend(read(document).findings)
    return Parsed(documents=() if has_error(found) else (document,), findings=tuple(found))


def has_error(findings: Iterable[Finding]) -> bool:
    return any(f.severity is Severity.ERROR for f in findings)


def key_of(value: Mapping[str, Any]) -> ResourceKey | None:
    """None where a part of the key is missing or no text."""
    metadata = value.get("metadata")
    kind = value.get("kind")
    if not isinstance(kind, str) or not isinstance(metadata, dict):
        return None
    name, namespace = metadata.get("name"), metadata.get("namespace") or "default"
    if not isinstance(name, str) or not isinstance(namespace, str):
        return None
    known = KINDS.get(kind)
    return ResourceKey(kind, "" if known and known.cluster_scoped else namespace, name)


def name_of(value: Mapping[str, Any]) -> str:
    """As much of the name as there is, for findings about a document without a whole key."""
    kind, metadata = value.get("kind"), value.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    words = [w for w in (kind, name) if isinstance(w, str)]
    return " ".join(words)[:300]


def name_of_broken(value: Mapping[str, Any]) -> str:
    """The name of a document that ends in an error, unless the error has run into its name."""
    key = key_of(value)
    if key is None:
        return name_of(value)
    whole = NAME.fullmatch(key.name) and NAMESPACE.fullmatch(key.namespace)
    return str(key) if whole else key.kind


def envelope(value: Mapping[str, Any], kind: Any, resource: ResourceKey | str) -> Iterator[Finding]:
    """What is wrong around the spec: kind, version, metadata, stray fields."""
    if kind is None:
        yield finding("MSH1011", resource, "kind", "kind")
    elif not isinstance(kind, str) or kind not in KINDS:
        close = (
            nearest(str(kind), tuple(KINDS), "kinds that are read")
            if isinstance(kind, str)
            else None
        )
        yield finding("MSH1012", resource, "kind", str(kind)[:60], fix=close)
        return
    else:
        yield from api_version(value.get("apiVersion"), kind, resource)
        yield from stray_fields(value, kind, resource)
    yield from metadata_findings(value.get("metadata"), resource)


def api_version(given: Any, kind: str, resource: ResourceKey | str) -> Iterator[Finding]:
    versions = KINDS[kind].api_versions
    if given is None:
        yield finding("MSH1011", resource, "apiVersion", "apiVersion", fix=f"use {versions[0]}")
    elif given not in versions:
        yield finding(
            "MSH1013", resource, "apiVersion", kind, shown(given), fix=f"use {versions[0]}"
        )


def stray_fields(
    value: Mapping[str, Any], kind: str, resource: ResourceKey | str
) -> Iterator[Finding]:
    spec = value.get("spec")
    if spec is not None and not isinstance(spec, dict):
        yield finding("MSH1017", resource, "spec", "spec", "a mapping", shown(spec))
    if kind in WITHOUT_SPEC:
        return
    for key in value:
        if key not in TOP_FIELDS:
            yield finding(
                "MSH1016", resource, key, key, fix=nearest(key, tuple(sorted(TOP_FIELDS)))
            )


def metadata_findings(metadata: Any, resource: ResourceKey | str) -> Iterator[Finding]:
    if not isinstance(metadata, dict):
        code = "MSH1011" if metadata is None else "MSH1017"
        yield finding(code, resource, "metadata", "metadata", "a mapping", shown(metadata))
        return
    for key in metadata:
        if key not in METADATA_FIELDS:
            fix = nearest(key, tuple(sorted(METADATA_FIELDS)))
            yield finding("MSH1016", resource, f"metadata.{key}", key, fix=fix)
    for field, pattern in (("name", NAME), ("namespace", NAMESPACE)):
        given = metadata.get(field)
        if given is None and field == "name":
            yield finding("MSH1011", resource, "metadata.name", "metadata.name")
        elif given is not None and not (isinstance(given, str) and pattern.fullmatch(given)):
            yield finding("MSH1014", resource, f"metadata.{field}", shown(given))
    for field in ("labels", "annotations"):
        yield from string_map(metadata.get(field), f"metadata.{field}", resource)


def string_map(given: Any, path: str, resource: ResourceKey | str) -> Iterator[Finding]:
    if given is None:
        return
    if not isinstance(given, dict):
        yield finding("MSH1017", resource, path, path, "a mapping", shown(given))
        return
    for key, item in given.items():
        if not isinstance(item, str):
            yield finding(
                "MSH1017", resource, f"{path}.{key}", key, "text", shown(item), fix="quote it"
            )


def document_of(value: Mapping[str, Any], key: ResourceKey) -> Document:
    metadata = value["metadata"]
    spec: Mapping[str, Any] = value.get("spec") or {}
    if key.kind in WITHOUT_SPEC:
        spec = {**spec, **{k: v for k, v in value.items() if k not in TOP_FIELDS}}
    return Document(
        key=key,
        api_version=value["apiVersion"],
        spec=spec,
        labels=tuple(sorted((metadata.get("labels") or {}).items())),
        annotations=tuple(sorted((metadata.get("annotations") or {}).items())),
    )
