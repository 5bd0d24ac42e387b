"""A question about an Envoy goes from REST over broker, control and agent to the real one, and back."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from mesh_web.accounts.services import create_token
from proxy.agent.control_client import ControlClient
from proxy.agent.questions import Answering
from proxy.envoys.questions import Questions
from proxy.identity import spiffe
from rest.contracts import Role
from routing import broker as routing_broker
from tests.proxy.ads.fleet import DOMAIN, Root, envoy, serving
from tests.proxy.control.test_refusals import SHOP, proxies
from tests.proxy.control.test_troubles import sweep
from tests.proxy.control.whole import MeshBroker, apply, control, eventually, in_thread, pods
from tests.routing.app.shop import Api

pytestmark = pytest.mark.envoy

AGENTS = "127.93.1.3:16217"


@pytest.fixture
def operator(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Api:
    monkeypatch.setattr(settings, "POD_NETWORK", 98)
    return Api(create_token(name="ci", role=Role.OPERATOR))


@pytest.fixture
def broker() -> Iterator[MeshBroker]:
    running = MeshBroker()
    running.start()
    routing_broker.client.cache_clear()
    yield running
    routing_broker.client().close()
    routing_broker.client.cache_clear()
    running.stop()


@asynccontextmanager
async def line(
    root: Root, admin_of: Callable[[str], Path | None], node: str = "local"
) -> AsyncIterator[Questions]:
    """Control's questions, and the agent of a node that answers them."""
    questions = Questions(DOMAIN, settings.BROKER_URL)
    own = root.issue(spiffe.agent_id(DOMAIN, node))
    client = ControlClient(AGENTS)
    client.identify(root.pem, own.certificate_pem, own.key_pem)
    async with serving(root, AGENTS, questions.handler(), "localhost"):
        tasks = [
            asyncio.create_task(questions.run()),
            asyncio.create_task(Answering(client, admin_of).run()),
        ]
        try:
            yield questions
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await client.close()


async def told(api: Api, path: str) -> Any:
    return await in_thread(lambda: api.get(path))


async def test_what_an_envoy_has_and_how_much_it_logs(
    operator: Api, broker: MeshBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = Root()
    viewer = Api(await in_thread(lambda: create_token(name="wall", role=Role.VIEWER)))
    async with control(root):
        await apply(operator, SHOP)
        await in_thread(sweep)
        await eventually(lambda: proxies(operator))
        (pod,) = await pods()
        path = f"/proxies/{pod.proxy_id}"
        async with envoy(pod, root, pod.service_account) as log:
            admin = log.parent / "admin.sock"
            synced = lambda: operator.get(path).json()["state"] == "synced"  # noqa: E731
            await eventually(synced)

            async with line(root, {pod.uid: admin}.get):
                dump = await eventually(lambda: _answered(operator.get(f"{path}/config_dump")))
                assert dump["envoy"] == {"answered": True, "error": "", "differences": []}
                assert dump["bootstrap"]["node"]["id"] == pod.proxy_id
                assert [(one["name"], one["source"]) for one in dump["secrets"]] == [
                    ("ROOTCA", "agent"),
                    ("default", "agent"),
                ]
                (leaf,) = dump["secrets"][1]["certificates"]
                uri = spiffe.workload_id(DOMAIN, pod.namespace, pod.service_account)
                assert (leaf["sans"], leaf["authority"], "cluster.local" in leaf["issuer"]) == (
                    [uri],
                    False,
                    True,
                )
                assert leaf["not_before"] < leaf["not_after"]

                whole = await told(operator, f"{path}/envoy_config_dump")
                assert [one["@type"].rpartition(".")[2] for one in whole.json()["configs"]] == [
                    "BootstrapConfigDump",
                    "ClustersConfigDump",
                    "EndpointsConfigDump",
                    "ListenersConfigDump",
                    "ScopedRoutesConfigDump",
                    "RoutesConfigDump",
                    "SecretsConfigDump",
                ]
                assert b"PRIVATE KEY" not in whole.content

                levels = f"{path}/log_level"
                before = (await told(viewer, levels)).json()
                assert (before["level"], before["loggers"]["http"]) == ("warning", "warning")
                put = await in_thread(lambda: operator.put(levels, {"loggers": {"http": "debug"}}))
                assert (put.status_code, put.json()["loggers"]["http"], put.json()["level"]) == (
                    200,
                    "debug",
                    None,
                )
                both = {"level": "info", "loggers": {"router": "trace"}}
                after = (await in_thread(lambda: operator.put(levels, both))).json()["loggers"]
                assert (after["http"], after["router"]) == ("info", "trace")
                for bad in (
                    {"level": "loud"},
                    {"loggers": {"http": "loud"}},
                    {"loggers": {"nobody": "debug"}},
                    {"loggers": {"http&level=off": "debug"}},
                    {},
                ):
                    refused = await in_thread(partial(operator.put, levels, bad))
                    assert refused.status_code == 422, (bad, refused.content)
                forbidden = await in_thread(lambda: viewer.put(levels, {"level": "off"}))
                assert forbidden.status_code == 403
                assert (await told(operator, "/proxies/nobody/log_level")).status_code == 404

            away = await told(operator, levels)
            assert (away.status_code, away.json()["code"]) == (503, "agent_away")
            still = (await told(operator, f"{path}/config_dump")).json()
            assert (still["bootstrap"], still["envoy"]["answered"], bool(still["routes"])) == (
                None,
                False,
                True,
            )


async def test_an_agent_answers_for_its_own_node_only(operator: Api, broker: MeshBroker) -> None:
    root = Root()
    async with control(root):
        await apply(operator, SHOP)
        await in_thread(sweep)
        await eventually(lambda: proxies(operator))
        (pod,) = await pods()
        async with line(root, lambda _: Path("/nowhere"), node="elsewhere") as questions:
            await asyncio.sleep(0.3)
            assert await questions.ask(pod.proxy_id, {"ask": "loggers"}) is None
        async with line(root, lambda _: Path("/nowhere")) as questions:
            await asyncio.sleep(0.3)
            answer = await questions.ask(pod.proxy_id, {"ask": "loggers"})
            assert answer is not None
            assert answer["status"] == "away"
            levels = await told(operator, f"/proxies/{pod.proxy_id}/log_level")
            assert (levels.status_code, levels.json()["message"][:25]) == (
                503,
                "Its Envoy does not answer",
            )
        async with line(root, lambda _: None) as questions:
            await asyncio.sleep(0.3)
            gone = await questions.ask(pod.proxy_id, {"ask": "loggers"})
            assert gone is not None
            assert gone["error"] == "its agent does not run this pod"


def _answered(response: Any) -> Any:
    found = response.json()
    return found if found.get("envoy", {}).get("answered") else None
