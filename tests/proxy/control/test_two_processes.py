"""Two real control processes on one database, half of the Envoys on each; one is killed."""

import asyncio
import contextlib
import os
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from proxy.agent.svids import Identity
from proxy.identity import authority, certificates, spiffe
from proxy.models import ProxyRow
from tests.proxy.ads.fleet import DOMAIN, envoy, get
from tests.proxy.control.conftest import NETWORK
from tests.proxy.control.test_refusals import answered, proxies
from tests.proxy.control.whole import apply, eventually, in_thread, pods, revision
from tests.routing.app.shop import Api

pytestmark = [pytest.mark.envoy, pytest.mark.usefixtures("celery")]

PROJECT = Path(__file__).resolve().parents[3]
HOSTS = ("127.93.2.1", "127.93.2.2")
PORT = 15010
PODS = 4

SHOP = """\
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Service
metadata: {name: payments, namespace: shop}
spec: {selector: {app: payments}, ports: [{name: http, port: 80}]}
""" + "".join(
    f"""\
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: page-{index}, namespace: shop}}
spec:
  selector: {{matchLabels: {{app: page-{index}}}}}
  template:
    metadata: {{labels: {{app: page-{index}}}}}
    spec:
      containers: [{{name: page, command: ["true"], ports: [{{containerPort: 8080}}]}}]
"""
    for index in range(PODS)
)


class Authority:
    """The mesh's own, as Envoys' keys come from it."""

    def __init__(self) -> None:
        self._current = authority.load()

    def identity(self, account: str) -> Identity:
        current = self._current
        key, uri = certificates.new_key(), spiffe.workload_id(DOMAIN, "shop", account)
        svid = certificates.issue(
            current.root,
            current.key,
            certificates.Request(uri, key.public_key()),
            now=timezone.now(),
        )
        return Identity(
            uri=uri,
            key_pem=certificates.key_pem(key),
            certificate_pem=svid.certificate_pem,
            roots_pem=current.roots_pem,
            not_before=svid.not_before.timestamp(),
            not_after=svid.not_after.timestamp(),
        )


class Process:
    """`manage.py control` on an address of its own."""

    def __init__(self, host: str) -> None:
        home = Path(settings.HOME) / host
        home.mkdir(exist_ok=True)
        database = home / "meshweb.sqlite3"
        if not database.is_symlink():
            database.symlink_to(str(settings.DATABASES["default"]["NAME"]))
        (home / "secret-key").write_text(settings.SECRET_KEY)
        self.log = home / "log"
        with self.log.open("w") as out:
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", "control"],
                cwd=PROJECT,
                stdout=out,
                stderr=out,
                env={
                    **os.environ,
                    "MESHWEB_HOME": str(home),
                    "MESHWEB_RUNTIME_DIR": str(settings.RUNTIME_DIR),
                    "MESHWEB_BROKER_URL": settings.BROKER_URL,
                    "MESHWEB_BIND": host,
                    "MESHWEB_POD_NETWORK": str(NETWORK),
                },
            )

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


@asynccontextmanager
async def two_processes() -> AsyncIterator[dict[str, Process]]:
    await in_thread(authority.ensure)
    running = {host: Process(host) for host in HOSTS}
    try:
        for process in running.values():
            await eventually(lambda p=process: "serving proxies" in p.log.read_text(), 60)  # type: ignore[misc]
        yield running
    finally:
        for process in running.values():
            process.kill()


def by_control() -> Counter[str]:
    """How many connected proxies each process has, by its address."""
    rows = ProxyRow.objects.filter(connected=True).values_list("control", flat=True)
    return Counter(name.partition("/")[2].partition(":")[0] for name in rows)


def all_synced(api: Api, number: int) -> bool:
    found = proxies(api)
    return len(found) == PODS and all(
        (one["state"], one["revision"], one["connected"]) == ("synced", number, True)
        for one in found
    )


async def test_when_one_of_two_is_killed_the_other_takes_over(operator: Api) -> None:
    async with AsyncExitStack() as stack, two_processes() as running:
        first = await apply(operator, SHOP + answered("payments", 201))
        await eventually(lambda: len(proxies(operator)) == PODS, 20)
        root = await in_thread(Authority)
        found = await pods()
        for index, pod in enumerate(found):
            # each has both addresses; which it takes first is up to Envoy, so one at a time
            where = HOSTS[index % 2 :] + HOSTS[: index % 2]
            await stack.enter_async_context(
                envoy(pod, root, "default", control=",".join(f"{h}:{PORT}" for h in where))
            )
        await eventually(lambda: all_synced(operator, first["revision"]), 30)
        shares = await in_thread(by_control)
        assert sum(shares.values()) == PODS

        # a change is converged when everybody has it, whichever process they are connected to
        answer = await apply(operator, answered("payments", 202), "?wait=converged&timeout=20s")
        assert (answer["state"], answer["converged"], answer["total"]) == ("converged", PODS, PODS)
        for pod in found:
            assert await get(pod.outbound_address, 15001, "payments") == (202, "")
        told = await revision(operator, answer["revision"])
        assert {one["state"] for one in told["proxies"]} == {"synced"}

        # no row says anything else while nothing happens
        for _ in range(15):
            assert await in_thread(lambda: all_synced(operator, answer["revision"]))
            await asyncio.sleep(0.1)

        # the one with more of them is killed while requests go on
        victim = shares.most_common(1)[0][0]
        failed: list[Any] = []
        ended = asyncio.Event()

        async def ask() -> None:
            while not ended.is_set():
                for pod in found:
                    said = await get(pod.outbound_address, 15001, "payments")
                    if said[0] not in (202, 203):
                        failed.append(said)
                await asyncio.sleep(0.01)

        asking = asyncio.create_task(ask())
        running[victim].kill()
        after = await apply(operator, answered("payments", 203), "?wait=converged&timeout=20s")
        ended.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asking
        assert failed == []
        assert (after["state"], after["converged"], after["total"]) == ("converged", PODS, PODS)
        await eventually(lambda: all_synced(operator, after["revision"]), 10)
        survivor = next(host for host in HOSTS if host != victim)
        assert await in_thread(by_control) == Counter({survivor: PODS})
