"""A real store for metrics' tests."""

from collections.abc import Iterator

import pytest

from telemetry.retention import DAY, Retention
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
    """A store that keeps for ever: the samples of most tests are from 2023."""
    started = stack.start_store()
    migrate(started, retention=Retention(metrics=10_000 * DAY, spans=10_000 * DAY))
    yield started
    started.close()
