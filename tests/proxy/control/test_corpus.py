"""The corpus of what only Envoy refuses, both ways: turned down before it is pushed, and by proxies."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from proxy.fleet.control import Control
from proxy.fleet.tryout import Tryout
from tests.proxy.ads.fleet import Root, envoy
from tests.proxy.control.whole import (
    OPTIONS_OF_MESH,
    apply,
    control,
    eventually,
    in_thread,
    pods,
    revision,
)
from tests.proxy.refused.cases import HERE, NAMES, load
from tests.routing.app.shop import Api

pytestmark = [pytest.mark.envoy, pytest.mark.usefixtures("celery")]

PARTS = 4
WAIT = "?wait=converged&timeout=30s"


@dataclass
class Mesh:
    """A sidecar and a gateway with all they shall have, and how often they were told something."""

    api: Api
    control: Control
    told: int = 0

    def proxies(self) -> list[Any]:
        found: list[Any] = self.api.get("/proxies").json()["items"]
        return found

    def settled(self) -> bool:
        return {one["state"] for one in self.proxies()} == {"synced"}

    def newest(self) -> Any:
        return self.api.get("/revisions").json()["items"][0]

    def was_refused(self, number: int) -> bool:
        """Whether a proxy's refusal is booked on a revision."""
        proxies = self.api.get(f"/revisions/{number}").json()["proxies"]
        return "rejected" in {one["state"] for one in proxies}

    async def taken_back(self, number: int) -> Any:
        """The system's revision that takes something back of revision `number`, in force."""

        def found() -> Any:
            made = self.newest()
            done = made["system"] and made["state"] == "converged" and made["reverts"] == number
            return made if done and self.settled() else None

        return await eventually(found, 30)


@asynccontextmanager
async def mesh(operator: Api, tryout: Tryout | None) -> AsyncIterator[Mesh]:
    root = Root()
    async with control(root, tryout) as running, AsyncExitStack() as envoys:
        made = Mesh(operator, running)
        sent = running.sent

        def count(proxy_id: str, type_url: str) -> None:
            made.told += 1
            sent(proxy_id, type_url)

        running.sent = count  # type: ignore[method-assign]  # as the ADS server calls it
        await apply(operator, (HERE / "base.yaml").read_text())
        await eventually(lambda: len(made.proxies()) == 2)
        for pod in await pods():
            await envoys.enter_async_context(envoy(pod, root, pod.service_account))
        await eventually(made.settled)
        yield made


def culprits(findings: Any) -> list[str]:
    """The resources that Envoy refused, as the author is told."""
    return [one["resource"] for one in findings if one["code"] == "MSH0901"]


async def is_taken_back(running: Mesh, name: str) -> Any:
    """The revision that brought it, after the system has taken it back."""
    made = await in_thread(running.newest)
    number = made["reverts"] if made["system"] else made["number"]
    made = await running.taken_back(number)
    culprit = str(load(name).culprit)
    assert [one["resource"] for one in made["changes"]] == [culprit]
    assert f"{culprit} (revision {number} of ci)" in made["message"]
    return await revision(running.api, number)


async def test_what_envoy_refuses_is_turned_down_and_no_proxy_is_told(operator: Api) -> None:
    """Some of the corpus; all of it goes to Envoy in `tests/proxy/refused`."""
    async with mesh(operator, Tryout(OPTIONS_OF_MESH)) as running:
        for name in NAMES[::5]:
            before = running.told
            answer = await apply(operator, load(name).text, WAIT)
            assert (name, answer.get("code")) == (name, "rejected")
            assert culprits(answer["findings"]) == [str(load(name).culprit)]
            assert load(name).words in answer["findings"][0]["message"]
            bad = await is_taken_back(running, name)
            assert (bad["state"], bad["proxies"]) == ("rejected", [])
            assert bad["trial"]["outcome"] == "refused"
            assert load(name).words in bad["trial"]["error"]
            if len(load(name).documents) == 1:
                assert (name, running.told) == (name, before)


@pytest.mark.parametrize("part", range(PARTS))
async def test_what_is_not_tried_is_refused_by_proxies_and_taken_back(
    operator: Api, part: int
) -> None:
    async with mesh(operator, None) as running:
        for name in NAMES[part::PARTS]:
            answer = await apply(operator, load(name).text, WAIT)
            assert (name, answer.get("code")) == (name, "rejected")
            bad = await is_taken_back(running, name)
            # of what a proxy says only the first 4 KB come
            assert culprits(bad["findings"]) == [str(load(name).culprit)]
            assert (bad["state"], bad["trial"]) == ("rejected", None)
            await eventually(partial(running.was_refused, bad["number"]))
