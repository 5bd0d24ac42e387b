"""Every test run has its own home, a database on disk that behaves as the real one does, and an end."""

import faulthandler
import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connections

from tests.deadline import deadline

HOME = Path(tempfile.mkdtemp(prefix="meshweb-tests-"))

os.environ["MESHWEB_HOME"] = str(HOME)
settings.HOME = HOME
settings.RUNTIME_DIR = HOME / "run"
settings.BROKER_URL = f"unix://{HOME}/run/broker.sock"
settings.CELERY_BROKER_URL = f"redis+socket://{HOME}/run/broker.sock"
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
"""Passwords are slow to hash on purpose."""


DEADLINE_SECONDS = 180
DEADLINE_OF_A_MESH_SECONDS = 900
TO_END_SECONDS = 120


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None]:
    with deadline(seconds_for(item)):
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    with deadline(seconds_for(item)):
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None]:
    with deadline(seconds_for(item)):
        yield


def seconds_for(item: pytest.Item) -> int:
    """How long setting up, running and putting away a test may take, each for itself."""
    whole_mesh = item.get_closest_marker("e2e") is not None
    return DEADLINE_OF_A_MESH_SECONDS if whole_mesh else DEADLINE_SECONDS


def pytest_sessionfinish() -> None:
    """What the last test left behind may not hold up the end either."""
    faulthandler.dump_traceback_later(TO_END_SECONDS, exit=True)


def pytest_unconfigure() -> None:
    shutil.rmtree(HOME, ignore_errors=True)


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """A file instead of memory: threads and other processes see the same database."""
    database = connections.databases["default"]
    if database["ENGINE"].endswith("sqlite3"):
        database["TEST"]["NAME"] = str(HOME / "test.sqlite3")
