"""mTLS modes: which policy decides, what servers accept, what clients do, and changes under way."""

from dataclasses import replace

import pytest

from routing.compile import Mesh, MeshInput, Overlap, compile_mesh
from routing.ir import MeshTls, MtlsMode, OriginateTls
from tests.routing.mesh import cluster, deployment, mesh_input, resource, service
from topology.contracts import Workload

REVIEWS = service("reviews")
NAME = "outbound|80||reviews.shop.svc.cluster.local"


def policy(name: str, spec: str, namespace: str = "shop") -> str:
    return resource("PeerAuthentication", name, spec, namespace)


MESH = policy("default", "{mtls: {mode: STRICT}}", "istio-system")
NAMESPACE = policy("default", "{mtls: {mode: DISABLE}}")
WORKLOAD = policy("reviews", "{selector: {matchLabels: {app: reviews}}, mtls: {mode: PERMISSIVE}}")
PORT = policy(
    "reviews", "{selector: {matchLabels: {app: reviews}}, portLevelMtls: {'8080': {mode: STRICT}}}"
)


def modes(mesh: Mesh) -> set[MtlsMode]:
    config = next(c for c in mesh.configs.values() if c.proxy.workload == "reviews-v1")
    return {mode for listener in config.inbound for mode in listener.modes}


def mtls(mesh: Mesh) -> set[bool]:
    config = next(iter(mesh.configs.values()))
    return {e.mtls for cla in config.endpoints if cla.cluster == NAME for e in cla.endpoints}


def spoken_plainly(mesh: Mesh) -> tuple[str, ...]:
    return cluster(next(iter(mesh.configs.values())), NAME).spoken_plainly


@pytest.mark.parametrize(
    ("policies", "mode"),
    [
        ([], "PERMISSIVE"),
        ([MESH], "STRICT"),
        ([MESH, NAMESPACE], "DISABLE"),
        ([MESH, NAMESPACE, WORKLOAD], "PERMISSIVE"),
        ([MESH, NAMESPACE, PORT], "STRICT"),
        ([MESH, policy("default", "{mtls: {mode: UNSET}}")], "STRICT"),
    ],
)
def test_the_narrowest_policy_decides(policies: list[str], mode: str) -> None:
    mesh = compile_mesh(mesh_input(REVIEWS, *policies))
    assert modes(mesh) == {MtlsMode(mode)}
    assert mtls(mesh) == {mode != "DISABLE"}


def test_of_two_policies_the_older_wins() -> None:
    given = mesh_input(REVIEWS, NAMESPACE, policy("a", "{mtls: {mode: STRICT}}"))
    aged = tuple(
        replace(d, created_at=1.0 if d.key.name == "default" else 2.0) for d in given.documents
    )
    assert modes(compile_mesh(replace(given, documents=aged))) == {MtlsMode.DISABLE}


def test_a_pod_without_sidecar_gets_plain_text() -> None:
    bare = REVIEWS.replace(
        "labels: {app: reviews, version: v1}}\n    spec",
        "labels: {app: reviews, version: v1, sidecar.istio.io/inject: 'false'}}\n    spec",
    )
    assert mtls(compile_mesh(mesh_input(bare, service("client")))) == {False}


def test_clients_expect_the_identities_of_the_workloads_behind_a_service() -> None:
    config = next(iter(compile_mesh(mesh_input(REVIEWS)).configs.values()))
    assert cluster(config, NAME).tls == MeshTls(
        sans=("spiffe://cluster.local/ns/shop/sa/default",),
        sni="outbound_.80_._.reviews.shop.svc.cluster.local",
    )


def test_a_destination_rule_decides_for_clients() -> None:
    rule = "{host: reviews, trafficPolicy: {tls: {mode: %s}}}"
    found = [
        cluster(next(iter(compile_mesh(given).configs.values())), NAME).tls
        for mode in ("DISABLE", "SIMPLE")
        for given in [mesh_input(REVIEWS, resource("DestinationRule", "a", rule % mode))]
    ]
    assert found == [None, OriginateTls(sni="reviews.shop.svc.cluster.local")]


def test_while_a_mode_changes_both_ends_agree_at_every_step() -> None:
    before, after = mesh_input(REVIEWS, NAMESPACE), mesh_input(REVIEWS, MESH)
    first = compile_mesh(before)
    target = compile_mesh(after)

    def step(*, clients_switched: bool) -> Mesh:
        overlap = Overlap(
            namespace="shop",
            workload="reviews-v1",
            previous=MtlsMode.DISABLE,
            clients_switched=clients_switched,
        )
        return compile_mesh(replace(after, overlap=frozenset({overlap})))

    servers, clients = step(clients_switched=False), step(clients_switched=True)
    both = {MtlsMode.DISABLE, MtlsMode.STRICT}
    stages = [first, servers, clients, target]
    assert [modes(m) for m in stages] == [{MtlsMode.DISABLE}, both, both, {MtlsMode.STRICT}]
    assert [mtls(m) for m in stages] == [{False}, {False}, {True}, {True}]
    plain = ("shop/reviews-v1",)
    assert [spoken_plainly(m) for m in stages] == [plain, plain, (), ()]


def test_who_has_no_sidecar_anyway_does_not_make_a_cluster_another_one() -> None:
    bare = REVIEWS.replace("version: v1}}", "version: v1, sidecar.istio.io/inject: 'false'}}")
    assert spoken_plainly(compile_mesh(mesh_input(bare, service("client")))) == ()


def test_modes_in_force_are_told_per_workload_and_port() -> None:
    given = mesh_input(REVIEWS, deployment("plain", "v1"), NAMESPACE, PORT)
    assert all(isinstance(w, Workload) for w in given.registry.workloads)
    assert compile_mesh(given).modes == {
        ("shop", "plain-v1", 0): MtlsMode.DISABLE,
        ("shop", "reviews-v1", 0): MtlsMode.DISABLE,
        ("shop", "reviews-v1", 8080): MtlsMode.STRICT,
    }
    assert isinstance(given, MeshInput)
