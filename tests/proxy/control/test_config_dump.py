"""What a proxy is served can be read over REST, but for private keys."""

from typing import Any

from proxy.fleet.dump import decode, encode
from proxy.xds.options import Options
from proxy.xds.snapshot import SecretMaterial, Snapshots
from routing.ir import GatewaySecret
from tests.proxy.ads.fleet import Root
from tests.proxy.control.test_refusals import SHOP, proxies
from tests.proxy.control.test_troubles import sweep
from tests.proxy.control.whole import MeshBroker, apply, control, eventually, in_thread
from tests.proxy.xds.shop import ingress
from tests.routing.app.shop import Api


async def test_the_dump_is_what_control_serves(operator: Api, broker: MeshBroker) -> None:
    def read(proxy: str) -> Any:
        return operator.get(f"/proxies/{proxy}/config_dump")

    async with control(Root()):
        await apply(operator, SHOP)
        await in_thread(sweep)
        (proxy,) = await eventually(lambda: proxies(operator))
        found = (await in_thread(lambda: read(proxy["id"]))).json()
        assert (found["proxy"], found["revision"], found["secrets"]) == (proxy["id"], 1, [])
        assert {one["name"] for one in found["routes"]} >= {"outbound"}
        outbound = next(one for one in found["routes"] if one["name"] == "outbound")
        hosts = {host["name"] for host in outbound["config"]["virtual_hosts"]}
        assert any("payments" in host for host in hosts)
        assert {one["name"] for one in found["clusters"]} >= {
            "outbound|80||payments.shop.svc.cluster.local"
        }
        assert (await in_thread(lambda: read("nobody"))).status_code == 404
        broker.stop()
        assert (await in_thread(lambda: read(proxy["id"]))).json()["code"] == "control_away"


async def test_without_control_nobody_answers(operator: Api, broker: MeshBroker) -> None:
    async with control(Root()):
        await apply(operator, SHOP)
        await in_thread(sweep)
        (proxy,) = await eventually(lambda: proxies(operator))
    answer = await in_thread(lambda: operator.get(f"/proxies/{proxy['id']}/config_dump"))
    assert (answer.status_code, answer.json()["code"]) == (503, "control_away")


def test_certificates_are_told_and_a_private_key_never() -> None:
    def material(_: GatewaySecret) -> SecretMaterial:
        return SecretMaterial(certificate_chain="CHAIN", private_key="PRIVATE")

    answer = encode(Snapshots(Options()).snapshot(ingress(), None, material), 7)
    assert [(one.name, one.config, one.pem) for one in decode(answer).types["SDS"]] == [
        ("bank-cert", None, "CHAIN"),
        ("shop-cert", None, "CHAIN"),
    ]
    assert b"PRIVATE" not in answer
