"""Bearer tokens: roles, bounds, expiry; made by administrators, the command line, the first start."""

import io
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from mesh_web.accounts import services
from mesh_web.accounts.models import Account, OneTimeLogin, Token
from mesh_web.accounts.principals import Caller
from mesh_web.audit.models import AuditEvent
from rest.contracts import Role

pytestmark = pytest.mark.django_db


def call(word: str, method: str, path: str, json: Any = None) -> Any:
    return getattr(Client(), method)(
        f"/api/v1{path}",
        **({} if json is None else {"data": json, "content_type": "application/json"}),
        headers={"Authorization": f"Bearer {word}"},
    )


@pytest.mark.parametrize(
    ("caller", "allowed"),
    [
        (Caller(name="v", role=Role.VIEWER), set()),
        (Caller(name="o", role=Role.OPERATOR), {"", "istio-system", "shop", "bank"}),
        (Caller(name="b", role=Role.OPERATOR, namespaces=("shop",)), {"shop"}),
        (Caller(name="r", role=Role.OPERATOR, namespaces=("istio-system",)), set()),
        (Caller(name="a", role=Role.ADMIN), {"", "istio-system", "shop", "bank"}),
    ],
)
def test_roles_and_bounds_decide_what_may_be_written(caller: Caller, allowed: set[str]) -> None:
    asked = ("", "istio-system", "shop", "bank")
    assert {namespace for namespace in asked if caller.may_write(namespace)} == allowed


def test_only_a_digest_of_a_token_is_kept() -> None:
    word = services.create_token(name="ci", role=Role.OPERATOR)
    token = Token.objects.get()
    assert (word[:3], word in str(vars(token)), len(token.digest)) == ("mw_", False, 64)


def test_an_expired_token_is_unknown() -> None:
    past = timezone.now() - timedelta(days=2)
    word = services.create_token(name="ci", role=Role.VIEWER, lifetime=timedelta(days=1), now=past)
    assert call(word, "get", "/session").status_code == 401


def test_a_token_remembers_when_it_was_last_used() -> None:
    word = services.create_token(name="ci", role=Role.VIEWER)
    call(word, "get", "/session")
    first = Token.objects.get().last_used
    call(word, "get", "/session")
    assert first is not None
    assert Token.objects.get().last_used == first


def test_administrators_make_list_and_take_back_tokens() -> None:
    admin = services.create_token(name="root", role=Role.ADMIN)
    made = call(admin, "post", "/tokens", {"name": "ci", "role": "viewer", "lifetime_days": 1})
    assert made.status_code == 201
    listed = call(admin, "get", "/tokens").json()["items"]
    assert [(one["name"], one["role"]) for one in listed] == [("root", "admin"), ("ci", "viewer")]
    word = made.json()["token"]
    assert call(word, "get", "/session").json()["user"] == "ci"
    assert call(admin, "delete", f"/tokens/{listed[1]['id']}").status_code == 200
    assert call(word, "get", "/session").status_code == 401
    assert call(admin, "delete", f"/tokens/{listed[1]['id']}").status_code == 404


def test_accounts_are_for_administrators_only() -> None:
    word = services.create_token(name="ci", role=Role.OPERATOR)
    answers = [
        call(word, "get", "/tokens"),
        call(word, "post", "/tokens", {"name": "x", "role": "admin"}),
        call(word, "delete", "/tokens/1"),
        call(word, "get", "/audit"),
    ]
    assert [one.status_code for one in answers] == [403] * 4


def test_every_write_leaves_a_line_in_the_audit_trail() -> None:
    operator = services.create_token(name="ci", role=Role.OPERATOR)
    call(operator, "put", "/mtls?dry_run=true", {"mode": "STRICT"})
    call(operator, "get", "/mtls")
    admin = services.create_token(name="root", role=Role.ADMIN)
    (line,) = call(admin, "get", "/audit").json()["items"]
    assert (line["actor"], line["action"], line["target"], line["status"]) == (
        "ci",
        "PUT",
        "/api/v1/mtls?dry_run=true",
        200,
    )
    assert AuditEvent.objects.count() == 1


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"actor": "CI"}, [200, 404]),
        ({"target": "mtls"}, [200]),
        ({"refused": "true"}, [404]),
        ({"refused": "false", "actor": "ci"}, [200]),
        ({"actor": "nobody"}, []),
        ({"actor": "ci", "limit": "1"}, [404]),
    ],
)
def test_the_audit_trail_is_asked_for_who_did_what_and_was_refused(
    asked: dict[str, str], found: list[int]
) -> None:
    operator = services.create_token(name="ci", role=Role.OPERATOR)
    call(operator, "put", "/mtls?dry_run=true", {"mode": "STRICT"})
    call(operator, "delete", "/namespaces/shop/VirtualService/none")
    admin = services.create_token(name="root", role=Role.ADMIN)
    query = "&".join(f"{key}={value}" for key, value in asked.items())
    lines = call(admin, "get", f"/audit?{query}").json()["items"]
    assert sorted(line["status"] for line in lines) == found


def test_words_for_the_audit_trail_have_no_control_characters() -> None:
    admin = services.create_token(name="root", role=Role.ADMIN)
    assert call(admin, "get", "/audit?actor=%00").status_code == 422


def test_the_command_line_makes_a_token() -> None:
    out = io.StringIO()
    call_command(
        "token", "create", "--role", "operator", "--name", "ci", "--namespace", "shop", stdout=out
    )
    token = Token.objects.get()
    assert (token.name, token.role, token.namespaces) == ("ci", "operator", ["shop"])
    assert call(out.getvalue().strip(), "get", "/session").json()["role"] == "operator"


def test_the_first_start_makes_an_administrator_and_later_ones_a_new_link_only() -> None:
    path = settings.HOME / "admin-token"
    path.unlink(missing_ok=True)
    first = services.first_start()
    word = path.read_text().strip()
    second = services.first_start()
    assert first != second
    assert (Account.objects.get().role, OneTimeLogin.objects.count()) == ("admin", 2)
    assert (path.stat().st_mode & 0o777, path.read_text().strip()) == (0o600, word)
    assert call(word, "get", "/tokens").status_code == 200
    response = Client().get(f"/login/once/{second}")
    assert response.status_code == 302


def test_a_lost_token_file_is_written_anew() -> None:
    path = settings.HOME / "admin-token"
    services.first_start()
    path.unlink()
    services.first_start()
    assert call(path.read_text().strip(), "get", "/tokens").status_code == 200
