"""What would run after a change of manifests, known before it is made."""

from dataclasses import replace

from topology import manifests
from topology.contracts import (
    AppProtocol,
    Container,
    ContainerPort,
    Namespace,
    Pod,
    Registry,
    Service,
    ServicePort,
    Turnover,
    Workload,
)
from topology.platform.foreseen import Declaration, foreseen, turnovers

BOX = Container(name="c", command=("x",), ports=(ContainerPort(number=9080, name="web"),))
V1 = Workload(
    namespace="shop",
    name="reviews-v1",
    labels=(("app", "reviews"), ("version", "v1")),
    replicas=2,
    container=BOX,
    template_hash="old",
)
PORT = ServicePort(
    name="http", number=80, target_port=0, target_name="web", protocol=AppProtocol.HTTP
)
REVIEWS = Service(namespace="shop", name="reviews", selector=(("app", "reviews"),), ports=(PORT,))
RUNNING = manifests.assemble([Namespace(name="shop", labels=(("a", "b"),)), V1, REVIEWS])
TAKEN = {("shop", "reviews", 80): 20000, ("shop", "gone", 80): 20001}
SERVICE = ("Service", "shop", "reviews")
DEPLOYMENT = ("Deployment", "shop", "reviews-v1")


def after(*changed: Declaration) -> Registry:
    return foreseen(RUNNING, changed, TAKEN)


def test_no_change_is_what_runs_now() -> None:
    assert after() is RUNNING


def test_a_service_that_would_come_has_its_ports_and_no_pod_starts() -> None:
    cart = replace(REVIEWS, name="cart")
    found = after(Declaration(key=("Service", "shop", "cart"), value=cart))
    assert [one.name for one in found.services] == ["cart", "reviews"]
    (port,) = found.services[0].ports
    assert (port.target_port, port.local_port) == (9080, 20002)
    assert found.services[1] == RUNNING.services[0]
    assert (found.pods, found.workloads) == (RUNNING.pods, RUNNING.workloads)


def test_a_service_that_would_go_is_gone() -> None:
    found = after(Declaration(key=SERVICE, value=None))
    assert (found.services, found.pods) == ((), RUNNING.pods)


def test_without_their_deployment_its_pods_are_gone() -> None:
    found = after(Declaration(key=DEPLOYMENT, value=None))
    assert (found.workloads, found.pods) == ((), ())
    assert found.services[0].ports[0].target_port == 80  # nobody has the named port any more
    assert turnovers(RUNNING, found) == (
        Turnover(namespace="shop", workload="reviews-v1", starts=0, ends=2),
    )


def test_a_pod_that_would_be_replaced_stands_for_its_successor() -> None:
    new = replace(
        V1, template_hash="new", labels=(("app", "reviews"), ("version", "v9")), service_account="r"
    )
    found = after(Declaration(key=DEPLOYMENT, value=new))
    one, other = RUNNING.pods
    assert [(p.proxy_id, p.address, p.version, p.service_account) for p in found.pods] == [
        (one.proxy_id, one.address, "v9", "r"),
        (other.proxy_id, other.address, "v9", "r"),
    ]
    assert turnovers(RUNNING, found) == (
        Turnover(namespace="shop", workload="reviews-v1", starts=2, ends=2),
    )


def test_of_fewer_replicas_the_pod_of_least_use_goes_and_more_start_unseen() -> None:
    ready = tuple(replace(p, ready=i > 0) for i, p in enumerate(RUNNING.pods))
    running = replace(RUNNING, pods=ready)
    fewer = Declaration(key=DEPLOYMENT, value=replace(V1, replicas=1))
    found = foreseen(running, [fewer], TAKEN)
    assert found.pods == (ready[1],)
    assert [(one.starts, one.ends) for one in turnovers(running, found)] == [(0, 1)]
    more = after(Declaration(key=DEPLOYMENT, value=replace(V1, replicas=5)))
    assert more.pods == RUNNING.pods
    assert [(one.starts, one.ends) for one in turnovers(RUNNING, more)] == [(3, 0)]


def test_another_sort_of_proxy_is_another_pod() -> None:
    gone: tuple[Pod, ...] = ()
    assert after(Declaration(key=DEPLOYMENT, value=replace(V1, sidecar=False))).pods == gone


def test_namespaces_follow_their_manifests_and_what_is_in_them() -> None:
    named = Declaration(key=("Namespace", "", "shop"), value=None)
    assert after(named).namespaces == (Namespace(name="shop"),)
    bank = Declaration(key=("Service", "bank", "cart"), value=replace(REVIEWS, namespace="bank"))
    assert [one.name for one in after(bank).namespaces] == ["bank", "shop"]
