"""Callers of every kind, and a broker for those tests that need one."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from mesh_web.accounts.services import create_token
from rest.contracts import Role
from routing import broker as routing_broker
from tests.mesh_web.live.real import Broker
from tests.routing.app.shop import Api


@pytest.fixture
def operator(db: None) -> Api:
    return Api(create_token(name="ci", role=Role.OPERATOR))


@pytest.fixture
def viewer(db: None) -> Api:
    return Api(create_token(name="wall", role=Role.VIEWER))


@pytest.fixture
def bound(db: None) -> Api:
    return Api(create_token(name="shop-ci", role=Role.OPERATOR, namespaces=["shop"]))


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Broker]:
    with tempfile.TemporaryDirectory(prefix="mw", dir="/tmp") as directory:
        running = Broker(Path(directory))
        running.start()
        monkeypatch.setattr(settings, "BROKER_URL", running.url)
        routing_broker.client.cache_clear()
        yield running
        routing_broker.client().close()
        routing_broker.client.cache_clear()
        running.stop()
