"""Pods are told to scrapers as Prometheus's discovery of Kubernetes tells them."""

from topology.contracts import ContainerPort, Pod, PodPhase, Registry, Workload, labels
from topology.scraped import scraped_pods


def pod(name: str, phase: PodPhase = PodPhase.RUNNING, **words: object) -> Pod:
    return Pod(
        namespace="shop",
        name=name,
        uid=f"uid-{name}",
        workload="cart-v1",
        replica_set="cart-v1-7d9",
        labels=labels({"app.kubernetes.io/name": "cart"}),
        service_account="default",
        node="local",
        address="127.66.0.1",
        app_address="127.67.0.1",
        outbound_address="127.68.0.1",
        phase=phase,
        ready=True,
        **words,  # type: ignore[arg-type]
    )


def test_a_running_pod_is_told_by_the_ports_of_its_application() -> None:
    workload = Workload(
        namespace="shop", name="cart-v1", annotations=labels({"prometheus.io/scrape": "true"})
    )
    ports = (ContainerPort(number=9080, name="http"),)
    registry = Registry(
        workloads=(workload,),
        pods=(pod("cart-a", ports=ports), pod("cart-b", PodPhase.PENDING, ports=ports)),
    )
    assert scraped_pods(registry) == [
        {
            "targets": ["127.67.0.1:9080"],
            "labels": {
                "__meta_kubernetes_namespace": "shop",
                "__meta_kubernetes_pod_name": "cart-a",
                "__meta_kubernetes_pod_ip": "127.66.0.1",
                "__meta_kubernetes_pod_host_ip": "127.0.0.1",
                "__meta_kubernetes_pod_node_name": "local",
                "__meta_kubernetes_pod_phase": "Running",
                "__meta_kubernetes_pod_ready": "true",
                "__meta_kubernetes_pod_uid": "uid-cart-a",
                "__meta_kubernetes_pod_controller_kind": "ReplicaSet",
                "__meta_kubernetes_pod_controller_name": "cart-v1-7d9",
                "__meta_kubernetes_pod_label_app_kubernetes_io_name": "cart",
                "__meta_kubernetes_pod_labelpresent_app_kubernetes_io_name": "true",
                "__meta_kubernetes_pod_annotation_prometheus_io_scrape": "true",
                "__meta_kubernetes_pod_annotationpresent_prometheus_io_scrape": "true",
                "__meta_kubernetes_pod_container_name": "cart-v1",
                "__meta_kubernetes_pod_container_port_name": "http",
                "__meta_kubernetes_pod_container_port_number": "9080",
                "__meta_kubernetes_pod_container_port_protocol": "TCP",
            },
        }
    ]


def test_a_pod_without_ports_is_told_by_its_address() -> None:
    assert [one["targets"] for one in scraped_pods(Registry(pods=(pod("job"),)))] == [
        ["127.67.0.1"]
    ]
