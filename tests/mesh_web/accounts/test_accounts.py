"""Accounts of people: made, given a password, taken away; by administrators and the command line."""

import io
import sys
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from mesh_web.accounts import services
from mesh_web.accounts.principals import Caller
from mesh_web.accounts.selectors import accounts
from rest.contracts import Role

pytestmark = pytest.mark.django_db
GOOD = "correct horse battery"


def call(method: str, path: str, json: Any = None, role: Role = Role.ADMIN) -> Any:
    word = services.create_token(name="root", role=role)
    return getattr(Client(), method)(
        f"/api/v1{path}",
        **({} if json is None else {"data": json, "content_type": "application/json"}),
        headers={"Authorization": f"Bearer {word}"},
    )


def account(*words: str) -> str:
    out = io.StringIO()
    call_command("account", *words, stdout=out)
    return out.getvalue()


def may_log_in(name: str, password: str) -> bool:
    given = {"username": name, "password": password}
    return Client().post("/api/v1/login", given, content_type="application/json").status_code == 200


ANNA = {"name": "anna", "role": "operator", "namespaces": ["shop"], "password": GOOD}


def test_an_administrator_makes_lists_and_takes_away_accounts() -> None:
    made = call("post", "/accounts", ANNA)
    shown = {"name": "anna", "role": "operator", "namespaces": ["shop"]}
    assert (made.status_code, made.json()) == (201, shown)
    assert call("get", "/accounts").json() == {"items": [shown], "next": None}
    assert may_log_in("anna", GOOD)
    assert call("delete", "/accounts/anna").json() == {"ok": True}
    assert (may_log_in("anna", GOOD), call("delete", "/accounts/anna").status_code) == (False, 404)


@pytest.mark.parametrize(
    ("wrong", "status"),
    [({"name": "an na"}, 422), ({"password": "short"}, 422), ({"namespaces": ["A"]}, 422)],
)
def test_what_will_not_do_is_refused(wrong: dict[str, Any], status: int) -> None:
    assert call("post", "/accounts", {**ANNA, **wrong}).status_code == status
    assert accounts() == ()


def test_a_name_is_taken_once() -> None:
    call("post", "/accounts", ANNA)
    again = call("post", "/accounts", ANNA)
    assert (again.status_code, again.json()["code"]) == (409, "name_taken")


def test_another_password_ends_sessions() -> None:
    call("post", "/accounts", ANNA)
    browser = Client()
    given = {"username": "anna", "password": GOOD}
    browser.post("/api/v1/login", given, content_type="application/json")
    assert browser.get("/api/v1/session").status_code == 200
    changed = call("put", "/accounts/anna/password", {"password": "another good one"})
    assert (changed.status_code, browser.get("/api/v1/session").status_code) == (200, 401)
    assert (may_log_in("anna", GOOD), may_log_in("anna", "another good one")) == (False, True)
    assert call("put", "/accounts/otto/password", {"password": GOOD}).status_code == 404


def test_the_last_administrator_stays() -> None:
    call("post", "/accounts", {**ANNA, "role": "admin", "namespaces": []})
    call("post", "/accounts", {**ANNA, "name": "bound", "role": "admin"})
    refused = call("delete", "/accounts/anna")
    assert (refused.status_code, refused.json()["code"]) == (409, "last_admin")
    assert call("delete", "/accounts/bound").status_code == 200


def test_only_administrators_see_accounts() -> None:
    asked: list[tuple[str, str, Any]] = [
        ("get", "/accounts", None),
        ("post", "/accounts", ANNA),
        ("put", "/accounts/a/password", {"password": GOOD}),
        ("delete", "/accounts/a", None),
    ]
    statuses = [
        call(method, path, json, role=Role.OPERATOR).status_code for method, path, json in asked
    ]
    assert statuses == [403, 403, 403, 403]


def test_the_command_line_makes_an_account_with_a_password_of_its_own() -> None:
    said = account("create", "anna", "--role", "operator", "--namespace", "shop", "--generate")
    what, _, word = said.strip().partition(" Password: ")
    assert (what, may_log_in("anna", word)) == ("anna may log in as operator.", True)
    assert account("list") == "anna: operator in shop\n"
    assert accounts() == (Caller(name="anna", role=Role.OPERATOR, namespaces=("shop",)),)


def test_the_command_line_reads_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    account("create", "anna", "--role", "viewer", "--generate")
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{GOOD}\n"))
    assert account("password", "anna") == "anna has another password.\n"
    assert may_log_in("anna", GOOD)
    monkeypatch.setattr(sys, "stdin", io.StringIO("short\n"))
    with pytest.raises(CommandError, match="at least 12 characters"):
        account("password", "anna")


def test_who_changes_an_own_password_stays_and_other_sessions_of_the_account_end() -> None:
    services.create_account(username="anna", password=GOOD, role=Role.ADMIN)
    here, elsewhere = Client(), Client()
    given = {"username": "anna", "password": GOOD}
    for browser in (here, elsewhere):
        browser.post("/api/v1/login", given, content_type="application/json")
    csrf = here.get("/api/v1/session").json()["csrf"]
    changed = here.put(
        "/api/v1/accounts/anna/password",
        {"password": "another good one"},
        content_type="application/json",
        headers={"X-CSRFToken": csrf},
    )
    assert changed.status_code == 200
    statuses = [browser.get("/api/v1/session").status_code for browser in (here, elsewhere)]
    assert statuses == [200, 401]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("create", "an na", "--role", "viewer"), "A name begins with a letter"),
        (("create", "anna", "--role", "viewer"), "There is an account anna already"),
        (("password", "otto"), "There is no account otto"),
    ],
)
def test_the_command_line_refuses_with_a_sentence(words: tuple[str, ...], sentence: str) -> None:
    services.create_account(username="anna", password=GOOD, role=Role.VIEWER)
    with pytest.raises(CommandError, match=sentence):
        account(*words)
