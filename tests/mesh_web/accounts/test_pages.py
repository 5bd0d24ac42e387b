"""What is not REST: the page, probes, metrics, headers."""

from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from mesh_web.accounts import services
from rest.contracts import Role

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/", "/graph", "/traces/abc?x=1"])
def test_the_page_answers_every_path_its_router_may_know(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "index.html").write_text("<!doctype html>")
    monkeypatch.setattr(settings, "STATIC_ROOT", tmp_path)
    response = Client().get(path)
    assert (response.status_code, response.content) == (200, b"<!doctype html>")
    assert "script-src 'self'" in response.headers["Content-Security-Policy"]
    assert response.headers["X-Frame-Options"] == "DENY"


def test_without_a_build_the_page_says_how_to_make_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "STATIC_ROOT", tmp_path)
    response = Client().get("/")
    assert (response.status_code, b"make setup" in response.content) == (503, True)


@pytest.mark.parametrize("path", ["/api/", "/api/v2/session", "/api/v1/nothing"])
def test_unknown_api_paths_are_json(path: str) -> None:
    response = Client().get(path)
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_the_process_lives_and_says_what_it_lacks() -> None:
    client = Client()
    assert client.get("/healthz").json() == {"status": "ok"}
    response = client.get("/readyz")
    assert (response.status_code, response.json()) == (
        503,
        {"ready": False, "database": True, "broker": False},
    )


def test_metrics_need_a_token() -> None:
    word = services.create_token(name="prometheus", role=Role.VIEWER)
    client = Client()
    assert client.get("/metrics").status_code == 401
    response = client.get("/metrics", headers={"Authorization": f"Bearer {word}"})
    assert (response.status_code, b"# HELP" in response.content) == (200, True)
