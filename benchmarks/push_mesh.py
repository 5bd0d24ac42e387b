"""The mesh that is pushed: 200 services in two versions, and as many clients as are asked for."""

from dataclasses import dataclass

from benchmarks import push_parts
from benchmarks.push_parts import canary, document, service, subsets
from routing.contracts import Document, PublishedConfig
from topology.contracts import Namespace, Pod, Registry, Workload

SERVICES = 200
NAMESPACE = "mesh"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A mesh, the proxies that are simulated, and what is in force when control starts."""

    registry: Registry
    node_ids: tuple[str, ...]
    published: PublishedConfig


def given(clients: int) -> Given:
    return Given(
        registry=registry(clients),
        node_ids=tuple(node_id(index) for index in range(clients)),
        published=published(1, 10),
    )


def pod(name: str, workload: str, app: str, version: str, index: int) -> Pod:
    return push_parts.pod(
        NAMESPACE, name, uid=name, workload=workload, app=app, version=version, index=index
    )


def client(index: int) -> Pod:
    return pod(f"client-{index}", "client", "client", "v1", 2 * SERVICES + index)


def node_id(index: int) -> str:
    return client(index).proxy_id


def registry(clients: int) -> Registry:
    names = [f"svc-{number:03d}" for number in range(SERVICES)]
    servers = [
        pod(f"{name}-{version}-0", f"{name}-{version}", name, version, 2 * number + half)
        for number, name in enumerate(names)
        for half, version in enumerate(("v1", "v2"))
    ]
    callers = [client(index) for index in range(clients)]
    workloads = {one.workload: one for one in (*servers, *callers)}
    return Registry(
        namespaces=(Namespace(name=NAMESPACE),),
        services=tuple(service(NAMESPACE, name) for name in names),
        workloads=tuple(
            Workload(
                namespace=NAMESPACE,
                name=name,
                labels=one.labels,
                service_account=one.service_account,
                replicas=clients if name == "client" else 1,
            )
            for name, one in sorted(workloads.items())
        ),
        pods=tuple(sorted((*servers, *callers), key=lambda one: one.name)),
    )


def published(number: int, weight: int) -> PublishedConfig:
    """All services with subsets and a canary; `weight` is that of the first one."""
    documents: list[Document] = []
    for index in range(SERVICES):
        name = f"svc-{index:03d}"
        documents.append(document("DestinationRule", NAMESPACE, name, subsets(name)))
        documents.append(
            document("VirtualService", NAMESPACE, name, canary(name, weight if index == 0 else 10))
        )
    return PublishedConfig(
        number=number,
        accepted_at=0.0,
        documents=tuple(sorted(documents, key=lambda one: one.key)),
    )
