"""Jaeger's APIs are there, for whoever has logged in."""

import pytest
from django.test import Client

from mesh_web.accounts import services
from rest.contracts import Role

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        (
            "/jaeger/api/services",
            {
                "data": None,
                "total": 0,
                "limit": 0,
                "offset": 0,
                "errors": [{"code": 401, "msg": "log in, or send a bearer token"}],
            },
        ),
        (
            "/jaeger/api/v3/services",
            {"error": {"httpCode": 401, "message": "log in, or send a bearer token"}},
        ),
    ],
)
def test_strangers_are_told_so_in_jaegers_words(path: str, wanted: object) -> None:
    answer = Client().get(path)
    assert (answer.status_code, answer.json()) == (401, wanted)


def test_what_is_wrong_is_said_before_the_store_is_asked() -> None:
    word = services.create_token(name="grafana", role=Role.VIEWER)
    answer = Client().get("/jaeger/api/traces", headers={"Authorization": f"Bearer {word}"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["msg"] == "parameter 'service' is required"
