"""What the meshes that are pushed consist of: pods, services, subsets and canaries."""

from typing import Any

from routing.contracts import Document, ResourceKey
from topology.contracts import (
    AppProtocol,
    ContainerPort,
    Pod,
    PodPhase,
    Service,
    ServicePort,
    labels,
)


def pod(
    namespace: str,
    name: str,
    *,
    uid: str,
    workload: str,
    app: str,
    version: str,
    index: int,
    sidecar: bool = True,
) -> Pod:
    """`index` gives its addresses."""
    high, low = divmod(index, 250)
    return Pod(
        namespace=namespace,
        name=name,
        uid=uid,
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
        sidecar=sidecar,
    )


def service(namespace: str, name: str) -> Service:
    port = ServicePort(name="http", number=9080, target_port=9080, protocol=AppProtocol.HTTP)
    return Service(namespace=namespace, name=name, selector=labels({"app": name}), ports=(port,))


def document(kind: str, namespace: str, name: str, spec: dict[str, Any]) -> Document:
    key = ResourceKey(kind, namespace, name)
    return Document(key=key, api_version="networking.istio.io/v1", spec=spec)


def subsets(name: str) -> dict[str, Any]:
    """The spec of a DestinationRule."""
    return {
        "host": name,
        "trafficPolicy": {"outlierDetection": {"consecutive5xxErrors": 5}},
        "subsets": [{"name": one, "labels": {"version": one}} for one in ("v1", "v2")],
    }


def canary(name: str, share: int) -> dict[str, Any]:
    """The spec of a VirtualService: one user to v2, of the others `share` percent."""

    def to(version: str, weight: int) -> dict[str, Any]:
        return {"destination": {"host": name, "subset": version}, "weight": weight}

    return {
        "hosts": [name],
        "http": [
            {"match": [{"headers": {"end-user": {"exact": "jason"}}}], "route": [to("v2", 100)]},
            {
                "timeout": "5s",
                "retries": {"attempts": 2, "retryOn": "5xx,reset"},
                "route": [to("v1", 100 - share), to("v2", share)],
            },
        ],
    }
