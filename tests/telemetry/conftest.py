"""Real processes for telemetry's tests."""

from collections.abc import Iterator

import pytest

from telemetry.store.client import Store
from telemetry.store.migrate import migrate
from tests.telemetry.stack import Stack


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Nothing runs yet."""
    made = Stack(tmp_path_factory.mktemp("t"))
    try:
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="module")
def running(stack: Stack) -> Stack:
    """Broker, store and collector run."""
    stack.start_all()
    return stack


@pytest.fixture
def kept(running: Stack) -> Iterator[Store]:
    """What `running` stores; a store that is killed meanwhile is asked again."""
    store = running.store()
    try:
        yield store
    finally:
        store.close()


@pytest.fixture(scope="module")
def store(stack: Stack) -> Iterator[Store]:
    """A store with today's schema."""
    started = stack.start_store()
    migrate(started)
    yield started
    started.close()
