"""What a pod's process finds in its environment."""

from dataclasses import replace

from topology import manifests
from topology.contracts import (
    AppProtocol,
    Assignment,
    Container,
    ContainerPort,
    Service,
    ServicePort,
    Workload,
    labels,
)
from topology.platform import environment

CART = Workload(
    namespace="shop",
    name="cart",
    container=Container(
        name="cart",
        command=("$(PYTHON)", "--me=$(ME)", "$(NOBODY)", "$$(ME)"),
        env=(("ME", "$(POD_NAME) at $(POD_IP)"), ("PORT", "1")),
        ports=(ContainerPort(number=8080),),
    ),
)
POD = manifests.pod(CART, name="cart-1", uid="u", ordinal=0)


def service(name: str, protocol: AppProtocol, namespace: str = "shop") -> Service:
    port = ServicePort(name="p", number=80, target_port=80, protocol=protocol, local_port=20003)
    return Service(namespace=namespace, name=name, ports=(port,))


SERVICES = (
    service("data-store", AppProtocol.TCP),
    service("reviews", AppProtocol.HTTP),
    service("bank", AppProtocol.GRPC, namespace="money"),
)


def test_the_platform_gives_addresses_and_services() -> None:
    assert dict(environment.given(POD, SERVICES)) == {
        "HOST": "127.67.0.2",
        "PORT": "8080",
        "POD_NAME": "cart-1",
        "POD_NAMESPACE": "shop",
        "POD_IP": "127.66.0.2",
        "MESHWEB_EGRESS": "127.68.0.2:15001",
        "HTTP_PROXY": "http://127.68.0.2:15001",
        "http_proxy": "http://127.68.0.2:15001",
        "NO_PROXY": "",
        "no_proxy": "",
        "DATA_STORE_SERVICE_HOST": "127.68.0.2",
        "DATA_STORE_SERVICE_PORT": "20003",
        "REVIEWS_URL": "http://reviews.shop:80",
        "REVIEWS_SERVICE_HOST": "reviews.shop",
        "REVIEWS_SERVICE_PORT": "80",
        "BANK_MONEY_URL": "http://bank.money:80",
        "BANK_MONEY_SERVICE_HOST": "bank.money",
        "BANK_MONEY_SERVICE_PORT": "80",
    }


def test_a_pod_outside_the_mesh_listens_on_its_own_address_and_has_no_proxy() -> None:
    outside = manifests.pod(replace(CART, sidecar=False), name="c", uid="u", ordinal=0)
    assert dict(environment.given(outside, SERVICES[:1])) == {
        "HOST": "127.66.0.2",
        "PORT": "8080",
        "POD_NAME": "c",
        "POD_NAMESPACE": "shop",
        "POD_IP": "127.66.0.2",
    }


def test_references_are_replaced_and_the_container_has_the_last_word() -> None:
    assigned = Assignment(
        pod=POD,
        container=CART.container,
        env=labels({"POD_NAME": "cart-1", "POD_IP": "1.2.3.4", "PORT": "8080"}),
    )
    assert environment.process(assigned, {"PYTHON": "/bin/py"}) == (
        ("/bin/py", "--me=cart-1 at 1.2.3.4", "$(NOBODY)", "$(ME)"),
        {
            "PYTHON": "/bin/py",
            "POD_NAME": "cart-1",
            "POD_IP": "1.2.3.4",
            "ME": "cart-1 at 1.2.3.4",
            "PORT": "1",
        },
    )
