"""The mesh of a thousand: 1,000 services in 50 namespaces, each with one proxy and a canary without.

Every VirtualService is seen by all namespaces, but for `PRIVATE`'s, which its own alone sees.
"""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from benchmarks import push_parts
from benchmarks.push_mesh import Given
from benchmarks.push_parts import subsets
from routing.contracts import Document, PublishedConfig
from topology.contracts import Namespace, Pod, Registry, Service, Workload

SERVICES = 1_000
NAMESPACES = 50
SHARED, PRIVATE = 0, 1
"""The services whose VirtualServices are changed."""

Edit = Callable[[dict[str, Any]], None]


def name_of(index: int) -> str:
    return f"svc-{index:03d}"


def namespace_of(index: int) -> str:
    return f"team-{index % NAMESPACES:02d}"


def pod(index: int, version: int) -> Pod:
    name = name_of(index)
    workload = f"{name}-v{version + 1}"
    return push_parts.pod(
        namespace_of(index),
        f"{workload}-0",
        uid=workload,
        workload=workload,
        app=name,
        version=f"v{version + 1}",
        index=2 * index + version,
        sidecar=version == 0,
    )


def service(index: int) -> Service:
    return push_parts.service(namespace_of(index), name_of(index))


def registry() -> Registry:
    pods = [pod(index, version) for index in range(SERVICES) for version in (0, 1)]
    workloads = [
        Workload(
            namespace=one.namespace,
            name=one.workload,
            labels=one.labels,
            service_account=one.service_account,
            sidecar=one.sidecar,
        )
        for one in pods
    ]
    return Registry(
        namespaces=tuple(Namespace(name=namespace_of(index)) for index in range(NAMESPACES)),
        services=tuple(sorted(map(service, range(SERVICES)), key=lambda s: (s.namespace, s.name))),
        workloads=tuple(sorted(workloads, key=lambda w: (w.namespace, w.name))),
        pods=tuple(sorted(pods, key=lambda p: (p.namespace, p.name))),
    )


def published(number: int, changed: int = SHARED, edit: Edit = lambda _: None) -> PublishedConfig:
    """All services with subsets and a canary; `edit` is done to the VirtualService of one."""
    routes = _canary(changed)
    edit(routes)
    new = _document("VirtualService", changed, routes)
    # what is not read anew from the database are the same objects as before
    documents = (new if one.key == new.key else one for one in _documents())
    return PublishedConfig(number=number, accepted_at=0.0, documents=tuple(documents))


@cache
def _documents() -> tuple[Document, ...]:
    documents: list[Document] = []
    for index in range(SERVICES):
        documents += (
            _document("DestinationRule", index, subsets(name_of(index))),
            _document("VirtualService", index, _canary(index)),
        )
    return tuple(sorted(documents, key=lambda one: one.key))


def given() -> Given:
    return Given(registry=registry(), node_ids=proxies(range(SERVICES)), published=published(1))


def proxies(of: Iterable[int]) -> tuple[str, ...]:
    return tuple(pod(index, 0).proxy_id for index in of)


def concerned(changed: int) -> tuple[str, ...]:
    """The proxies that see a service's VirtualService."""
    step = NAMESPACES if changed == PRIVATE else 1
    return proxies(range(changed, SERVICES, step))


def weight(share: int) -> Edit:
    """Another share for the canary: Envoy need not be asked."""

    def edit(spec: dict[str, Any]) -> None:
        for way, percent in zip(spec["http"][-1]["route"], (100 - share, share), strict=True):
            way["weight"] = percent

    return edit


def structure(number: int) -> Edit:
    """Another route, of a kind that Envoy has not seen."""

    def edit(spec: dict[str, Any]) -> None:
        prefix = {"uri": {"prefix": f"/new-{number}"}}
        timeout = f"{number}s"
        spec["http"].insert(
            0, {"match": [prefix], "timeout": timeout, "route": spec["http"][0]["route"]}
        )

    return edit


def _document(kind: str, index: int, spec: dict[str, Any]) -> Document:
    return push_parts.document(kind, namespace_of(index), name_of(index), spec)


def _canary(index: int) -> dict[str, Any]:
    seen_by = ["." if index == PRIVATE else "*"]
    return {**push_parts.canary(name_of(index), 10), "exportTo": seen_by}
