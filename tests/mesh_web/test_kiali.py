"""Kiali's graph is there, for whoever has logged in."""

import pytest
from django.test import Client

from mesh_web.accounts import services
from rest.contracts import Role

pytestmark = pytest.mark.django_db


def test_strangers_are_told_so() -> None:
    answer = Client().get("/kiali/api/namespaces/graph?namespaces=shop")
    assert (answer.status_code, answer.json()) == (
        401,
        {"error": "log in, or send a bearer token"},
    )


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (
            "namespaces/graph",
            "At least one namespace must be specified via the namespaces query parameter.",
        ),
        (
            "namespaces/shop/applications/web/graph",
            (
                "Invalid graphType [workload]. This node detail graph supports only graphType app"
                " or versionedApp."
            ),
        ),
        (
            "namespaces/graph?namespaces=shop&namespaces=bank",
            "Parameter [namespaces] is there more than once",
        ),
        ("namespaces/graph?namespaces=shop&x=1", "Unknown parameter [x]"),
        ("namespaces/shop/aggregates/a-b/List/graph", "Invalid aggregate [a-b]"),
        (
            "namespaces/shop/aggregates/tier/gold/reviews/graph?graphType=pods",
            "Invalid graphType [pods]",
        ),
    ],
)
def test_what_is_wrong_is_said_before_the_store_is_asked(path: str, message: str) -> None:
    word = services.create_token(name="kiali", role=Role.VIEWER)
    answer = Client().get(f"/kiali/api/{path}", headers={"Authorization": f"Bearer {word}"})
    assert (answer.status_code, answer.json()) == (400, {"error": message})
