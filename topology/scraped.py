"""Pods as Prometheus's discovery of Kubernetes tells them, for whoever scrapes. Pure.

An application listens at an address of its own on the local platform: that one is scraped, for the
sidecar's wants a certificate of the mesh. https://prometheus.io/docs/prometheus/latest/configuration/configuration/#pod
"""

import re
from collections.abc import Iterator
from typing import Any

from topology.contracts import ContainerPort, Labels, Pod, PodPhase, Registry

_NAME = re.compile(r"[^a-zA-Z0-9_]")
_META = "__meta_kubernetes_"


def scraped_pods(registry: Registry) -> list[dict[str, Any]]:
    """`[{"targets": ["host:port"], "labels": {...}}]`, one for each port of a container."""
    annotations = {(one.namespace, one.name): one.annotations for one in registry.workloads}
    return [
        {"targets": [address], "labels": labels}
        for pod in registry.pods
        if pod.phase is PodPhase.RUNNING
        for address, labels in _of_pod(pod, annotations.get((pod.namespace, pod.workload), ()))
    ]


def _of_pod(pod: Pod, annotations: Labels) -> Iterator[tuple[str, dict[str, str]]]:
    host = pod.app_address or pod.address
    about = {
        f"{_META}namespace": pod.namespace,
        f"{_META}pod_name": pod.name,
        f"{_META}pod_ip": pod.address,
        f"{_META}pod_host_ip": "127.0.0.1",
        f"{_META}pod_node_name": pod.node,
        f"{_META}pod_phase": pod.phase.value,
        f"{_META}pod_ready": "true" if pod.ready else "false",
        f"{_META}pod_uid": pod.uid,
        f"{_META}pod_controller_kind": "ReplicaSet",
        f"{_META}pod_controller_name": pod.replica_set,
    }
    for what, pairs in (("label", pod.labels), ("annotation", annotations)):
        for key, value in pairs:
            name = _NAME.sub("_", key)
            about[f"{_META}pod_{what}_{name}"] = value
            about[f"{_META}pod_{what}present_{name}"] = "true"
    if not pod.ports:
        yield host, about
    for port in pod.ports:
        yield f"{host}:{port.number}", {**about, **_of_port(pod, port)}


def _of_port(pod: Pod, port: ContainerPort) -> dict[str, str]:
    return {
        f"{_META}pod_container_name": pod.workload if pod.gateway else pod.app,
        f"{_META}pod_container_port_name": port.name,
        f"{_META}pod_container_port_number": str(port.number),
        f"{_META}pod_container_port_protocol": "TCP",
    }
