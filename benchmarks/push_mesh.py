"""The mesh that is pushed: 200 services in two versions, and as many clients as are asked for."""

from dataclasses import dataclass

from routing.contracts import Document, PublishedConfig, ResourceKey
from topology.contracts import (
    AppProtocol,
    ContainerPort,
    Namespace,
    Pod,
    PodPhase,
    Registry,
    Service,
    ServicePort,
    Workload,
    labels,
)

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
    high, low = divmod(index, 250)
    return Pod(
        namespace=NAMESPACE,
        name=name,
        uid=name,
        workload=workload,
        replica_set=workload,
        labels=labels({"app": app, "version": version}),
        service_account=app,
        node="here",
        address=f"127.93.{high}.{low + 1}",
        app_address=f"127.94.{high}.{low + 1}",
        outbound_address=f"127.95.{high}.{low + 1}",
        ports=(ContainerPort(number=9080, name="http"),),
        phase=PodPhase.RUNNING,
        ready=True,
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
        services=tuple(
            Service(
                namespace=NAMESPACE,
                name=name,
                selector=labels({"app": name}),
                ports=(
                    ServicePort(
                        name="http", number=9080, target_port=9080, protocol=AppProtocol.HTTP
                    ),
                ),
            )
            for name in names
        ),
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
        documents.append(_document("DestinationRule", name, _subsets(name)))
        documents.append(
            _document("VirtualService", name, _canary(name, weight if index == 0 else 10))
        )
    return PublishedConfig(
        number=number,
        accepted_at=0.0,
        documents=tuple(sorted(documents, key=lambda one: one.key)),
    )


def _document(kind: str, name: str, spec: dict[str, object]) -> Document:
    return Document(
        key=ResourceKey(kind, NAMESPACE, name), api_version="networking.istio.io/v1", spec=spec
    )


def _subsets(name: str) -> dict[str, object]:
    return {
        "host": name,
        "trafficPolicy": {"outlierDetection": {"consecutive5xxErrors": 5}},
        "subsets": [{"name": one, "labels": {"version": one}} for one in ("v1", "v2")],
    }


def _canary(name: str, weight: int) -> dict[str, object]:
    def to(version: str, share: int) -> dict[str, object]:
        return {"destination": {"host": name, "subset": version}, "weight": share}

    return {
        "hosts": [name],
        "http": [
            {
                "match": [{"headers": {"end-user": {"exact": "jason"}}}],
                "route": [to("v2", 100)],
            },
            {
                "timeout": "5s",
                "retries": {"attempts": 2, "retryOn": "5xx,reset"},
                "route": [to("v1", 100 - weight), to("v2", weight)],
            },
        ],
    }
