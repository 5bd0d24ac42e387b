"""TLS that a sidecar ends by itself, and TLS that a gateway passes on by its server name."""

import asyncio
import ssl
from pathlib import Path

import pytest

from routing.compile import compile_mesh
from routing.ir import ProxyConfig
from tests.routing import mesh as meshes
from tests.routing.live.mesh import ask, compiled, proxy, running
from tests.routing.live.test_istio_coverage import client_hello, named
from tests.routing.mesh import resource, service
from tests.routing.self_signed import self_signed

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio]


def keys(folder: Path) -> dict[str, Path]:
    """A certificate for store.example that signs itself, and its key."""
    made = self_signed("store.example", authority=True)
    (folder / "chain.pem").write_text(made.certificate_pem)
    (folder / "key.pem").write_text(made.key_pem)
    return {"chain": folder / "chain.pem", "key": folder / "key.pem"}


def ended_by_the_sidecar(folder: Path, mode: str) -> ProxyConfig:
    files = keys(folder)
    tls = (
        f"{{mode: {mode}, serverCertificate: {files['chain']}, privateKey: {files['key']},"
        f" caCertificates: {files['chain']}}}"
    )
    port = "port: {number: 8443, protocol: HTTPS}, defaultEndpoint: '127.0.0.1:8080'"
    mesh = compiled(
        service("store"),
        resource("Sidecar", "store", f"{{ingress: [{{{port}, tls: {tls}}}]}}"),
    )
    return proxy(mesh, "store-v1")


async def answered(config: ProxyConfig, tls: ssl.SSLContext | None) -> int:
    """The status, or 0 where there is no answer."""
    port = config.inbound[0]
    try:
        return (await ask((port.address, port.port), "store.example", tls=tls)).status
    except (OSError, asyncio.IncompleteReadError):
        return 0


async def test_a_sidecar_ends_tls_of_callers_from_outside_the_mesh(tmp_path: Path) -> None:
    config = ended_by_the_sidecar(tmp_path, "SIMPLE")
    trusting = ssl.create_default_context(cafile=str(tmp_path / "chain.pem"))
    async with running(config):
        assert (await answered(config, trusting), await answered(config, None)) == (200, 0)


async def test_a_sidecar_asks_callers_from_outside_for_a_certificate(tmp_path: Path) -> None:
    config = ended_by_the_sidecar(tmp_path, "MUTUAL")
    nobody = ssl.create_default_context(cafile=str(tmp_path / "chain.pem"))
    known = ssl.create_default_context(cafile=str(tmp_path / "chain.pem"))
    known.load_cert_chain(tmp_path / "chain.pem", tmp_path / "key.pem")
    async with running(config):
        assert (await answered(config, known), await answered(config, nobody)) == (200, 0)


async def test_where_mutual_tls_is_on_it_is_the_mesh_that_ends_tls(tmp_path: Path) -> None:
    files = keys(tmp_path)
    tls = f"{{mode: SIMPLE, serverCertificate: {files['chain']}, privateKey: {files['key']}}}"
    ingress = f"{{ingress: [{{port: {{number: 8443, protocol: HTTPS}}, tls: {tls}}}]}}"
    made = compile_mesh(meshes.mesh_input(service("store"), resource("Sidecar", "s", ingress)))
    port = proxy(made, "store-v1").inbound[0]
    assert (port.tls, sorted(port.modes)) == (None, ["PERMISSIVE"])


# --- by server name ----------------------------------------------------------------------------

GATEWAY = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: edge, namespace: edge}
spec:
  selector: {matchLabels: {istio: ingressgateway}}
  template:
    metadata: {labels: {istio: ingressgateway}}
    spec: {containers: [{name: proxy}]}
"""
PASSING = """\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: across, namespace: edge}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 15443, name: tls, protocol: TLS}
    hosts: ["*.shop.svc.cluster.local"]
    tls: {mode: AUTO_PASSTHROUGH}
"""
SUBSETS = "{host: reviews, subsets: [{name: one, labels: {version: v1}}]}"


async def said(config: ProxyConfig, server_name: str) -> str:
    gateway = config.gateways[0]
    reader, writer = await asyncio.open_connection(gateway.address, gateway.port)
    writer.write(client_hello(server_name))
    try:
        return (await asyncio.wait_for(reader.read(), 15)).decode()
    except ConnectionError:
        return ""
    finally:
        writer.close()


async def test_a_gateway_passes_mutual_tls_on_to_whom_its_server_name_means() -> None:
    given = (
        GATEWAY,
        PASSING,
        service("reviews"),
        meshes.deployment("reviews", "v2"),
        service("ratings"),
        service("ratings", namespace="bank"),
        resource("DestinationRule", "reviews", SUBSETS),
        resource("PeerAuthentication", "ratings",
                 "{selector: {matchLabels: {app: ratings}}, mtls: {mode: DISABLE}}"),
    )  # fmt: skip
    config = proxy(compile_mesh(meshes.mesh_input(*given)), "edge")
    place = {e.workload: f"{e.address}:{e.port}" for one in config.endpoints for e in one.endpoints}
    async with running(config, answering=lambda a, p, _: named(a, p, f"{a}:{p}")):
        went = {
            name: await said(config, f"outbound_.80_.{name}.svc.cluster.local")
            for name in ("one_.reviews.shop", "_.reviews.shop", "_.ratings.shop", "_.ratings.bank")
        }
    assert went.pop("_.reviews.shop") in (place["reviews-v1"], place["reviews-v2"])
    # ratings takes no mutual TLS, and bank is none of this gateway's hosts
    assert went == {
        "one_.reviews.shop": place["reviews-v1"],
        "_.ratings.shop": "",
        "_.ratings.bank": "",
    }
