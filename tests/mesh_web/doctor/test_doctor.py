"""Meshweb looks at itself; what is wrong is a sentence, and so is how to mend it."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from rest.checks import Check
from telemetry.store.checks import clock, store_checks
from telemetry.store.client import Store
from telemetry.store.migrate import migrate
from tests.mesh_web.backup.homes import Home


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    made = Home(tmp_path_factory.mktemp("h"))
    made.path.chmod(0o700)
    made.done("prepare")
    yield made
    made.stop()


def failed(home: Home) -> dict[str, str]:
    """Names of checks that failed, and what they say."""
    ran = home.run("doctor", "-o", "json", "--failed")
    found = {one["name"]: one["said"] for one in json.loads(ran.stdout)}
    assert ran.returncode == (1 if found else 0)
    return found


def test_a_home_whose_services_run_is_well(home: Home) -> None:
    (home.path / "run").mkdir(mode=0o700, exist_ok=True)
    broker = f"{home.path}/run/broker.sock"
    assert set(failed(home)) == {"broker", "store"}
    home.stack.start("broker", "-m", "mesh_web.broker", broker, f"{home.path}/broker")
    migrate(home.store())
    assert failed(home) == {}
    names = [one["name"] for one in json.loads(home.done("doctor", "-o", "json"))]
    assert names == [
        "settings", "home", "keys", "disk", "memory", "open files",
        "database", "database schema", "database write", "database clock",
        "broker", "broker clock",
        "store version", "store schema", "store write", "store clock", "store disk default",
    ]  # fmt: skip
    tables = home.store().query("SELECT name FROM system.tables WHERE name LIKE 'self_check%'")
    assert tables == []


def test_what_is_wrong_is_named_with_its_remedy(home: Home) -> None:
    (home.path / "secret-key").chmod(0o644)
    home.path.chmod(0o755)
    home.more["MESHWEB_KEEP_LOGS"] = "soon"
    try:
        said = home.run("doctor").stdout
    finally:
        (home.path / "secret-key").chmod(0o600)
        home.path.chmod(0o700)
        del home.more["MESHWEB_KEEP_LOGS"]
    assert "others may read secret-key -> chmod 600" in said
    assert f"mode 755 -> chown it to the user that runs Meshweb, then chmod 700 {home.path}" in said
    assert "MESHWEB_KEEP_LOGS is 'soon'" in said


def test_a_start_without_a_chance_is_one_sentence(home: Home, tmp_path: Path) -> None:
    home.more["MESHWEB_KEEP_LOGS"] = "soon"
    try:
        sentence = home.refused("prepare")
    finally:
        del home.more["MESHWEB_KEEP_LOGS"]
    assert sentence.startswith("meshweb: settings: MESHWEB_KEEP_LOGS is 'soon': give a number")
    newer = Home(tmp_path / "newer")
    newer.done("migrate", "-v", "0")
    with sqlite3.connect(newer.path / "meshweb.sqlite3") as database:
        database.execute(
            "INSERT INTO django_migrations (app, name, applied)"
            " VALUES ('routing', '0999_future', '2026-01-01')"
        )
    database.close()
    assert newer.refused("prepare") == (
        "meshweb: database schema: it is of a later Meshweb (routing.0999_future)."
        " To mend it: run the version that made it, or a later one."
    )
    newer.stop()


def test_a_store_of_a_later_version_is_told(home: Home) -> None:
    store: Store = home.store()
    migrate(store)
    store.insert("schema_migrations", ("number", "name"), [(999, "future")], token="future")
    (found,) = [check for check in store_checks(store) if check.name == "store schema"]
    store.execute("TRUNCATE TABLE {database}.schema_migrations")
    (missing,) = [check for check in store_checks(store) if check.name == "store schema"]
    assert (found.ok, found.said) == (False, "its schema is of a later Meshweb (migration 0999)")
    assert (missing.ok, missing.said[:22]) == (False, "migration 0001 and wha")


def test_clocks_that_differ_by_more_than_two_seconds_are_told() -> None:
    assert clock("c", 100.0, 100.0, 101.0).ok
    assert clock("c", 102.9, 100.0, 101.0).ok
    assert clock("c", 90.0, 100.0, 101.0) == Check(
        name="c",
        ok=False,
        said="10.0 s from ours",
        mend="set both clocks by NTP: certificates and windows of time depend on them",
    )
