"""docker-compose.yml runs the process table: same commands, same ports, known variables."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

from mesh_web import settings as settings_module
from mesh_web.processes import Process, table

ROOT = Path(__file__).resolve().parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
STANDS_FOR = {"broker": "redis", "store": "clickhouse"}
"""Processes of the table that are servers of their own here."""

OURS = tuple(p for p in table() if p.name not in STANDS_FOR)
HOME, RUN = "/var/lib/meshweb", "/run/meshweb"


def in_a_container(process: Process) -> list[str]:
    """The words of a process, as they read in the image."""
    _, *words = process.argv
    replaced = (
        w.replace(str(settings.BASE_DIR / "manage.py"), "manage.py")
        .replace(str(settings.RUNTIME_DIR), RUN)
        .replace(str(settings.HOME), HOME)
        for w in words
    )
    return ["python", *replaced]


def documented() -> set[str]:
    return set(re.findall(r"^\| (MESHWEB_\w+) \|", settings_module.__doc__ or "", re.MULTILINE))


def environment(name: str) -> dict[str, str]:
    given: dict[str, str] = SERVICES[name].get("environment", {})
    return given


def test_every_process_is_a_service_and_no_service_is_unknown() -> None:
    expected = {p.name for p in OURS} | set(STANDS_FOR.values()) | {"postgres", "prepare"}
    assert set(SERVICES) == expected


@pytest.mark.parametrize("process", OURS, ids=lambda p: p.name)
def test_a_service_runs_the_command_of_the_table(process: Process) -> None:
    assert SERVICES[process.name]["command"] == in_a_container(process)


@pytest.mark.parametrize("process", OURS, ids=lambda p: p.name)
def test_a_service_starts_after_what_it_needs(process: Process) -> None:
    depends = set(SERVICES[process.name].get("depends_on", {}))
    assert {STANDS_FOR.get(name, name) for name in process.after} <= depends


def test_the_ports_are_those_of_the_settings() -> None:
    published = {p for s in SERVICES.values() for p in s.get("ports", ())}
    unshifted = [
        number - settings.PORT_OFFSET
        for number in (
            settings.HTTP_PORT,
            settings.ADS_PORT,
            settings.SIGNING_PORT,
            settings.OTLP_GRPC_PORT,
            settings.OTLP_HTTP_PORT,
            settings.ZIPKIN_PORT,
            settings.JAEGER_PORT,
        )
    ]
    assert published == {f"127.0.0.1:{n}:{n}" for n in unshifted}


@pytest.mark.parametrize("process", OURS, ids=lambda p: p.name)
def test_every_variable_is_in_the_table_of_settings(process: Process) -> None:
    assert {k for k in environment(process.name) if k.startswith("MESHWEB_")} <= documented()


def test_the_engines_are_reached_with_the_credentials_they_were_given() -> None:
    shared = environment("web")
    password = "${MESHWEB_%s_PASSWORD:?see the first lines of docker-compose.yml}"
    database, broker, store = (password % name for name in ("DATABASE", "BROKER", "STORE"))
    assert shared["MESHWEB_DATABASE_URL"] == (
        f"postgresql://{environment('postgres')['POSTGRES_USER']}:{database}@postgres:5432/"
        f"{environment('postgres')['POSTGRES_DB']}"
    )
    assert environment("postgres")["POSTGRES_PASSWORD"] == database
    assert shared["MESHWEB_BROKER_URL"] == f"redis://:{broker}@redis:6379/0"
    assert SERVICES["redis"]["command"][-2:] == ["--requirepass", broker]
    clickhouse = environment("clickhouse")
    assert shared["MESHWEB_STORE_URL"] == (
        f"http://{clickhouse['CLICKHOUSE_USER']}:{store}@clickhouse:8123/"
        f"{clickhouse['CLICKHOUSE_DB']}"
    )
    assert clickhouse["CLICKHOUSE_PASSWORD"] == store


def test_there_are_no_default_secrets() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    for variable in re.findall(r"\$\{(MESHWEB_\w+)", text):
        assert text.count(f"${{{variable}}}") == text.count(f"${{{variable}:-") == 0
    assert environment("web")["MESHWEB_SECRET_KEY"].startswith("${MESHWEB_SECRET_KEY:?")


def test_envoys_show_the_token_that_the_collector_asks_for() -> None:
    token = "${MESHWEB_INGEST_TOKEN:?see the first lines of docker-compose.yml}"
    shown = [environment(name)["MESHWEB_INGEST_TOKEN"] for name in ("agent", "collector")]
    assert shown == [token, token]


def test_images_are_named_by_tag() -> None:
    images = {name: s["image"] for name, s in SERVICES.items()}
    assert {i for name, i in images.items() if name in (*STANDS_FOR.values(), "postgres")} == {
        "postgres:16",
        "redis:7",
        "clickhouse/clickhouse-server:26.9",
    }
    assert {images[p.name] for p in OURS} == {images["prepare"]}
