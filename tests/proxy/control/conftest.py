"""A broker and a worker for control's tests, and pods on addresses of their own."""

from collections.abc import Iterator

import pytest
from django.conf import settings

from mesh_web.accounts.services import create_token
from rest.contracts import Role
from routing import broker as routing_broker
from tests.proxy.control.whole import MeshBroker, worker
from tests.routing.app.shop import Api

NETWORK = 97


@pytest.fixture
def operator(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Api:
    monkeypatch.setattr(settings, "POD_NETWORK", NETWORK)
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


@pytest.fixture
def celery(transactional_db: None, broker: MeshBroker) -> Iterator[None]:
    with worker():
        yield
