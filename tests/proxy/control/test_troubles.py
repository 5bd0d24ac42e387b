"""Control with a real broker and database: hints, and what happens without either."""

import asyncio
import sqlite3
import time
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from proxy.fleet import control as control_module
from routing.models import Revision
from routing.services import publish
from tests.proxy.ads.fleet import Root
from tests.proxy.control.whole import MeshBroker, apply, control, eventually, in_thread
from tests.routing.app.shop import Api

LONG = 60.0


def namespace(name: str) -> str:
    return f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n"


def state(number: int) -> str:
    return Revision.objects.get(number=number).state


def sweep() -> None:
    """What beat has a worker do every other second."""
    publish.hint_stuck(timezone.now() + timedelta(seconds=5))


async def converged(number: int, seconds: float = 15.0) -> None:
    await eventually(lambda: state(number) == "converged", seconds)


@pytest.mark.usefixtures("celery")
async def test_a_hint_is_enough_and_a_broker_may_go_and_come_back(
    operator: Api, broker: MeshBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with control(Root()):
        # the worker may still be starting
        await apply(operator, namespace("first"))
        await converged(1)

        monkeypatch.setattr(control_module, "TICK_SECONDS", LONG)
        await asyncio.sleep(1.2)
        began = time.monotonic()
        await apply(operator, namespace("hinted"))
        await converged(2)
        assert time.monotonic() - began < 2.0

        # what wakes it makes it look at the clock anew
        monkeypatch.setattr(control_module, "TICK_SECONDS", 0.2)
        await apply(operator, namespace("woken"))
        await converged(3)
        broker.stop()
        answer = await apply(operator, namespace("unheard"))
        assert answer["state"] == "accepted"
        await in_thread(sweep)
        await converged(4)

        broker.start()
        await asyncio.sleep(1.5)
        monkeypatch.setattr(control_module, "TICK_SECONDS", LONG)
        await asyncio.sleep(0.5)
        await apply(operator, namespace("heard"))
        await in_thread(sweep)
        await converged(5)


async def test_control_works_on_when_the_database_was_locked(
    operator: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings = connections.databases["default"]
    if not settings["ENGINE"].endswith("sqlite3"):
        pytest.skip("only SQLite locks the whole database")
    monkeypatch.setitem(settings["OPTIONS"], "timeout", 0.1)
    monkeypatch.setattr(control_module, "TICK_SECONDS", 0.5)
    monkeypatch.setattr(control_module, "RETRY_SECONDS", 0.2)
    async with control(Root()):
        await apply(operator, namespace("first"))
        other = sqlite3.connect(settings["NAME"], isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        await eventually(lambda: "database is locked" in caplog.text)
        assert await in_thread(lambda: state(1)) in ("accepted", "pushed")
        other.execute("ROLLBACK")
        other.close()
        await converged(1)
        await apply(operator, namespace("second"))
        await in_thread(sweep)
        await converged(2)
