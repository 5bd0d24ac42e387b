"""Guessing passwords is slow, whoever guesses from wherever, one by one or all at once."""

from datetime import timedelta
from typing import Any

import pytest
import uvicorn
from django.core.management import call_command
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone

from mesh_web.accounts import http, services
from mesh_web.audit.models import AuditEvent
from mesh_web.audit.services import Failures, failed_logins, record
from rest.contracts import Role

PASSWORD = "a long enough password"
GUESS = "wrong"


def log_in(name: str, password: str = GUESS, address: str = "127.0.0.1") -> int:
    return (
        Client()
        .post(
            "/api/v1/login",
            {"username": name, "password": password},
            content_type="application/json",
            REMOTE_ADDR=address,
        )
        .status_code
    )


def fail(times: int, name: str, address: str, minutes_ago: float = 1) -> None:
    at = timezone.now() - timedelta(minutes=minutes_ago)
    for _ in range(times):
        record(name, "login", "/api/v1/login", 401, address, at)


@pytest.mark.django_db
def test_failures_are_counted_by_name_by_address_and_by_both() -> None:
    fail(1, "olga", "127.0.0.1")
    fail(2, "olga", "127.0.0.2")
    fail(4, "vera", "127.0.0.1")
    fail(8, "vera", "127.0.0.2")
    fail(16, "olga", "127.0.0.1", minutes_ago=6)
    assert failed_logins("olga", "127.0.0.1", timezone.now()) == Failures(
        of_name_from_address=1, of_name=3, from_address=5
    )


@pytest.mark.django_db
def test_one_address_guesses_at_fifty_names_not_at_more() -> None:
    for i in range(49):
        fail(1, f"name-{i}", "127.0.0.9")
    assert [log_in(name, address="127.0.0.9") for name in ("a", "b")] == [401, 429]
    assert log_in("b", address="127.0.0.8") == 401


@pytest.mark.django_db
def test_one_name_is_guessed_at_a_hundred_times_from_all_addresses_together() -> None:
    for i in range(99):
        fail(1, "olga", f"127.0.1.{i}")
    assert [log_in("olga", address=f"127.0.2.{i}") for i in (1, 2)] == [401, 429]
    assert log_in("vera", address="127.0.2.2") == 401


@pytest.mark.django_db
def test_a_guess_counts_before_its_password_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nine have failed: while the tenth is looked at, an eleventh is refused."""
    fail(9, "olga", "127.0.0.1")
    meanwhile = []

    def look(_request: HttpRequest, **_given: Any) -> None:
        meanwhile.append(log_in("olga"))

    monkeypatch.setattr(http, "authenticate", look)
    assert (log_in("olga"), meanwhile) == (401, [429])


@pytest.mark.django_db
def test_who_comes_in_has_not_failed() -> None:
    services.create_account(username="olga", password=PASSWORD, role=Role.VIEWER, namespaces=())
    fail(9, "olga", "127.0.0.1")
    assert [log_in("olga", PASSWORD) for _ in range(3)] == [200] * 3
    assert list(AuditEvent.objects.order_by("-pk").values_list("status", flat=True)[:4]) == [
        200,
        200,
        200,
        401,
    ]


def test_the_server_believes_no_forwarded_address(monkeypatch: pytest.MonkeyPatch) -> None:
    told: dict[str, Any] = {}
    monkeypatch.setattr(uvicorn, "run", lambda _app, **options: told.update(options))
    call_command("web")
    assert told["proxy_headers"] is False
