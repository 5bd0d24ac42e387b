"""Real processes for telemetry's tests."""

from collections.abc import Iterator

import pytest

from telemetry.store.client import Store
from telemetry.store.migrate import migrate
from tests.telemetry.stack import Stack


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Nothing runs yet."""
    running = Stack(tmp_path_factory.mktemp("t"))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def store(stack: Stack) -> Iterator[Store]:
    """A store with today's schema."""
    started = stack.start_store()
    migrate(started)
    yield started
    started.close()
