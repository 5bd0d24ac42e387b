"""Which pods are made, ended and forgotten."""

from dataclasses import replace

from topology import manifests
from topology.contracts import Container, ContainerPort, Pod, PodPhase, Workload
from topology.platform.local import Create, Forget, Terminate, plan

REVIEWS = Workload(namespace="shop", name="reviews", replicas=2, template_hash="old")
NEW = replace(REVIEWS, template_hash="new")


def pod(of: Workload, uid: str, *, ready: bool = True, phase: PodPhase = PodPhase.RUNNING) -> Pod:
    made = manifests.pod(of, name=uid, uid=uid, ordinal=0)
    return replace(made, ready=ready, phase=phase)


def test_missing_pods_are_made() -> None:
    assert plan([REVIEWS], [pod(REVIEWS, "a")], frozenset()) == (Create(REVIEWS),)


def test_when_all_is_as_declared_there_is_nothing_to_do() -> None:
    assert plan([REVIEWS], [pod(REVIEWS, "a"), pod(REVIEWS, "b")], frozenset()) == ()


def test_of_too_many_pods_the_one_that_is_not_ready_goes() -> None:
    pods = [pod(REVIEWS, "a"), pod(REVIEWS, "b", ready=False), pod(REVIEWS, "c")]
    assert plan([REVIEWS], pods, frozenset()) == (Terminate("b"),)


def test_a_new_template_comes_up_before_the_old_one_goes() -> None:
    old = [pod(REVIEWS, "a"), pod(REVIEWS, "b")]
    assert plan([NEW], old, frozenset()) == (Create(NEW), Create(NEW))
    starting = [pod(NEW, "c", ready=False), pod(NEW, "d", ready=False)]
    assert plan([NEW], [*old, *starting], frozenset()) == ()
    half = [pod(NEW, "c"), pod(NEW, "d", ready=False)]
    assert plan([NEW], [*old, *half], frozenset()) == (Terminate("b"),)
    done = [pod(NEW, "c"), pod(NEW, "d")]
    assert plan([NEW], [*old, *done], frozenset()) == (Terminate("a"), Terminate("b"))


def test_a_pod_that_ends_is_replaced_and_not_counted() -> None:
    pods = [pod(REVIEWS, "a"), pod(REVIEWS, "b", phase=PodPhase.TERMINATING, ready=False)]
    assert plan([REVIEWS], pods, frozenset()) == (Create(REVIEWS),)


def test_a_gateway_with_a_port_of_the_host_is_rolled_like_all_others() -> None:
    port = Container(name="c", command=(), ports=(ContainerPort(number=80, host_port=80),))
    old = replace(REVIEWS, replicas=1, gateway=True, container=port)
    new = replace(old, template_hash="new")
    assert plan([new], [pod(old, "a")], frozenset()) == (Create(new),)
    assert plan([new], [pod(old, "a"), pod(new, "b", ready=False)], frozenset()) == ()
    assert plan([new], [pod(old, "a"), pod(new, "b")], frozenset()) == (Terminate("a"),)


def test_without_its_workload_every_pod_goes() -> None:
    assert plan([], [pod(REVIEWS, "a"), pod(REVIEWS, "b")], frozenset()) == (
        Terminate("a"),
        Terminate("b"),
    )


def test_a_terminating_pod_of_a_silent_node_is_forgotten() -> None:
    pods = [pod(REVIEWS, "a", phase=PodPhase.TERMINATING), pod(REVIEWS, "b")]
    assert plan([], pods, frozenset({"a", "b"})) == (Forget("a"), Terminate("b"))
