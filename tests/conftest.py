"""Every test run has its own home, and a database on disk that behaves as the real one does."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connections

HOME = Path(tempfile.mkdtemp(prefix="meshweb-tests-"))

os.environ["MESHWEB_HOME"] = str(HOME)
settings.HOME = HOME
settings.RUNTIME_DIR = HOME / "run"
settings.BROKER_URL = f"unix://{HOME}/run/broker.sock"
settings.CELERY_BROKER_URL = f"redis+socket://{HOME}/run/broker.sock"
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
"""Passwords are slow to hash on purpose."""


def pytest_unconfigure() -> None:
    shutil.rmtree(HOME, ignore_errors=True)


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """A file instead of memory: threads and other processes see the same database."""
    database = connections.databases["default"]
    if database["ENGINE"].endswith("sqlite3"):
        database["TEST"]["NAME"] = str(HOME / "test.sqlite3")
