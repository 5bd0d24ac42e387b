"""Fixtures of the live view's tests."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from mesh_web.live import broker as live_broker
from tests.mesh_web.live.real import Broker


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Broker]:
    with tempfile.TemporaryDirectory(prefix="mw", dir="/tmp") as directory:
        running = Broker(Path(directory))
        running.start()
        monkeypatch.setattr(settings, "BROKER_URL", running.url)
        live_broker.connect_blocking.cache_clear()
        yield running
        live_broker.connect_blocking().close()
        live_broker.connect_blocking.cache_clear()
        running.stop()
