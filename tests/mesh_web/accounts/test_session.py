"""Coming in with a password or a link, CSRF, and going out."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from mesh_web.accounts import services
from mesh_web.audit.models import AuditEvent
from rest.contracts import Role

pytestmark = pytest.mark.django_db

PASSWORD = "a long enough password"
STRICT = {"mode": "STRICT"}


@pytest.fixture
def account() -> User:
    return services.create_account(
        username="olga", password=PASSWORD, role=Role.OPERATOR, namespaces=()
    ).user


@pytest.fixture
def browser(account: User) -> Client:
    client = Client(enforce_csrf_checks=True)
    response = log_in(client)
    assert response == (200, "olga")
    return client


def log_in(client: Client, password: str = PASSWORD) -> tuple[int, str]:
    response = client.post(
        "/api/v1/login",
        {"username": "olga", "password": password},
        content_type="application/json",
    )
    return response.status_code, response.json().get("user", response.json().get("code"))


def test_a_stranger_is_told_to_log_in() -> None:
    response = Client().get("/api/v1/session")
    assert (response.status_code, response.json()["code"]) == (401, "unauthenticated")


def test_a_write_of_a_stranger_is_unauthenticated_not_forbidden() -> None:
    response = Client(enforce_csrf_checks=True).put(
        "/api/v1/mtls", STRICT, content_type="application/json"
    )
    assert response.status_code == 401


def test_a_session_says_who_and_with_which_role(browser: Client) -> None:
    body = browser.get("/api/v1/session").json()
    assert (body["user"], body["role"], len(body["csrf"]) > 30) == ("olga", "operator", True)


def test_a_browser_writes_with_its_csrf_token_only(browser: Client) -> None:
    def put(**headers: str) -> int:
        return browser.put(
            "/api/v1/mtls?dry_run=true", STRICT, content_type="application/json", headers=headers
        ).status_code

    token = browser.get("/api/v1/session").json()["csrf"]
    assert put() == 403
    assert put(**{"X-CSRFToken": token, "Origin": "http://elsewhere.test"}) == 403
    assert put(**{"X-CSRFToken": token, "Origin": "http://testserver"}) == 200


def test_a_wrong_password_is_refused_and_audited(account: User) -> None:
    assert log_in(Client(), "wrong") == (401, "unauthenticated")
    event = AuditEvent.objects.get()
    assert (event.actor, event.action, event.status) == ("olga", "login", 401)


def test_guessing_is_throttled(account: User) -> None:
    client = Client()
    answers = [log_in(client, f"guess {i}")[0] for i in range(11)]
    assert answers == [401] * 10 + [429]
    assert log_in(client) == (429, "too_many_requests")


def test_going_out_closes_the_session(browser: Client) -> None:
    token = browser.get("/api/v1/session").json()["csrf"]
    assert browser.post("/api/v1/logout", headers={"X-CSRFToken": token}).status_code == 200
    assert browser.get("/api/v1/session").status_code == 401


def test_a_user_without_an_account_is_a_stranger() -> None:
    User.objects.create_user(username="olga", password=PASSWORD)
    assert log_in(Client()) == (401, "unauthenticated")


def test_a_link_logs_in_once(account: User) -> None:
    word = services.create_one_time_login(account, timezone.now())
    first, second = Client(), Client()
    response = first.get(f"/login/once/{word}")
    assert (response.status_code, response.headers["Location"]) == (302, "/")
    assert first.get("/api/v1/session").json()["user"] == "olga"
    assert second.get(f"/login/once/{word}").status_code == 403
    assert second.get("/api/v1/session").status_code == 401


def test_a_link_lives_ten_minutes(account: User) -> None:
    word = services.create_one_time_login(account, timezone.now() - timedelta(minutes=11))
    assert Client().get(f"/login/once/{word}").status_code == 403


def test_a_link_for_a_head_request_is_kept(account: User) -> None:
    """Programs that preview links must not use them up."""
    word = services.create_one_time_login(account, timezone.now())
    assert Client().head(f"/login/once/{word}").status_code == 405
    assert Client().get(f"/login/once/{word}").status_code == 302
