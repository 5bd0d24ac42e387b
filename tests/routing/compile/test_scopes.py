"""Which clients follow which DestinationRule and Sidecar."""

from routing.compile import compile_mesh
from routing.ir import LoadBalancer, ProxyConfig
from tests.routing import mesh

SHOP = "\n---\n".join(mesh.service(name) for name in ("client", "reviews"))
NAME = "outbound|80||reviews.shop.svc.cluster.local"


def compiled(*texts: str) -> dict[str, ProxyConfig]:
    made = compile_mesh(mesh.mesh_input(SHOP, *texts))
    return {config.proxy.workload: config for config in made.configs.values()}


def rule(name: str, balancer: str, more: str = "") -> str:
    policy = f"trafficPolicy: {{loadBalancer: {{simple: {balancer}}}}}"
    return mesh.resource("DestinationRule", name, f"{{host: reviews, {policy}{more}}}")


def test_a_rule_that_selects_clients_holds_for_them_alone() -> None:
    selector = ", workloadSelector: {matchLabels: {app: client}}"
    made = compiled(rule("for-all", "RANDOM"), rule("for-some", "ROUND_ROBIN", selector))
    assert {
        workload: mesh.cluster(config, NAME).load_balancer for workload, config in made.items()
    } == {"client-v1": LoadBalancer.ROUND_ROBIN, "reviews-v1": LoadBalancer.RANDOM}


def test_a_sidecar_that_selects_a_workload_counts_before_its_namespaces() -> None:
    made = compiled(
        mesh.resource("Sidecar", "default", "{egress: [{hosts: ['~/*']}]}"),
        mesh.resource(
            "Sidecar",
            "client",
            "{workloadSelector: {labels: {app: client}}, egress: [{hosts: ['./*']}]}",
        ),
    )
    assert {
        workload: sorted(c.name for c in config.clusters if c.name.startswith("outbound"))
        for workload, config in made.items()
    } == {
        "client-v1": ["outbound|80||client.shop.svc.cluster.local", NAME],
        "reviews-v1": [],
    }


def test_a_workload_entry_stands_beside_the_pods() -> None:
    made = compiled(
        mesh.resource(
            "WorkloadEntry", "vm", "{address: 127.99.1.2, labels: {app: reviews}, weight: 2}"
        )
    )
    behind = next(e for e in made["client-v1"].endpoints if e.cluster == NAME)
    assert [(e.workload, e.address, e.port, e.weight) for e in behind.endpoints][-1] == (
        "",
        "127.99.1.2",
        8080,
        2,
    )
    assert len(behind.endpoints) == 2
