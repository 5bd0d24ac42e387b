"""What an Envoy starts with, judged by the Envoy binary itself."""

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from queue import Queue
from typing import Any

import grpc
import pytest

from proxy.agent.bootstrap import Surroundings, bootstrap
from proxy.xds.descriptors import installed_binary
from topology import manifests
from topology.contracts import Pod, Workload, labels

CART = Workload(
    namespace="shop",
    name="cart-v1",
    labels=labels({"app": "cart", "version": "v1"}),
    service_account="cart",
    template_hash="h",
)


def pod(*, gateway: bool = False) -> Pod:
    workload = CART if not gateway else Workload(namespace="edge", name="ingress", gateway=True)
    return manifests.pod(workload, name="p-1", uid="u-1", ordinal=0)


def around(folder: Path, control: str = "127.0.0.1:16310") -> Surroundings:
    return Surroundings(
        control=control,
        collector="127.0.0.1:5617",
        trust_domain="cluster.local",
        sds_socket=str(folder / "s"),
        admin_socket=str(folder / "a"),
        start="77",
    )


@pytest.mark.envoy
@pytest.mark.parametrize("gateway", [False, True])
@pytest.mark.parametrize("control", ["127.0.0.1:16310", "localhost:16310"])
def test_envoy_takes_it(tmp_path: Path, control: str, gateway: bool) -> None:
    path = tmp_path / "envoy.json"
    path.write_text(json.dumps(bootstrap(pod(gateway=gateway), around(tmp_path, control))))
    checked = subprocess.run(
        [installed_binary(), "--mode", "validate", "-c", str(path), "-l", "warn"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (checked.returncode, checked.stderr) == (0, "")


@pytest.mark.envoy
def test_what_envoy_sends_shows_the_token(tmp_path: Path) -> None:
    """Without control it is never live, but counts are sent all the same."""
    shown: Queue[dict[str, Any]] = Queue()

    class Listener(grpc.GenericRpcHandler):  # type: ignore[type-arg]  # only the stub is generic
        def service(self, call: grpc.HandlerCallDetails) -> "grpc.RpcMethodHandler[bytes, bytes]":
            shown.put(dict(call.invocation_metadata))
            return grpc.unary_unary_rpc_method_handler(lambda _body, _context: b"")

    server = grpc.server(ThreadPoolExecutor(1), handlers=[Listener()])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    place = replace(around(tmp_path), collector=f"127.0.0.1:{port}", ingest_token="50%secret")
    config: Any = bootstrap(pod(), place)
    del config["dynamic_resources"]
    del config["stats_config"]["stats_matcher"]
    path = tmp_path / "envoy.json"
    path.write_text(json.dumps(config))
    envoy = subprocess.Popen([installed_binary(), "-c", path, "--disable-hot-restart", "-l", "off"])
    try:
        assert shown.get(timeout=20)["authorization"] == "Bearer 50%secret"
    finally:
        envoy.kill()
        envoy.wait()
        server.stop(None)


def test_it_says_who_the_proxy_is(tmp_path: Path) -> None:
    made = bootstrap(pod(), around(tmp_path))
    assert made["node"] == {
        "id": "sidecar~127.66.0.2~p-1.shop~shop.svc.cluster.local",
        "cluster": "cart-v1.shop",
        "metadata": {
            "NAMESPACE": "shop",
            "POD": "p-1",
            "WORKLOAD": "cart-v1",
            "SERVICE_ACCOUNT": "cart",
        },
    }
    sink = made["stats_sinks"][0]["typed_config"]
    assert sink["resource_detectors"][0]["typed_config"]["attributes"] == {
        "service.name": "cart",
        "service.version": "v1",
        "service.instance.id": "u-1-77",
        "k8s.namespace.name": "shop",
        "k8s.pod.name": "p-1",
        "k8s.deployment.name": "cart-v1",
    }


def test_every_wait_for_a_first_answer_has_no_end(tmp_path: Path) -> None:
    """With Envoy's default a proxy that control refuses would be LIVE and empty after 30 s."""
    found = list(values(bootstrap(pod(), around(tmp_path)), "initial_fetch_timeout"))
    assert found == ["0s"] * 4


def values(tree: Any, key: str) -> list[Any]:
    if isinstance(tree, dict):
        own = [tree[key]] if key in tree else []
        return own + [v for child in tree.values() for v in values(child, key)]
    if isinstance(tree, list):
        return [v for child in tree for v in values(child, key)]
    return []
