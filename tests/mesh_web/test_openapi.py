"""The OpenAPI document kept for the front end is the one the API serves."""

import json
from collections import Counter
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from ninja import Schema

from mesh_web.api import api

KEPT = Path("mesh_web/frontend/openapi.json")


def test_the_kept_document_is_fresh_or_make_gen_was_forgotten() -> None:
    kept = KEPT.read_text().replace("meshweb_session_8000", settings.SESSION_COOKIE_NAME)
    assert json.loads(kept) == json.loads(json.dumps(api.get_openapi_schema()))


@pytest.mark.django_db
def test_the_served_document_is_written_once(monkeypatch: pytest.MonkeyPatch) -> None:
    first = Client().get("/api/v1/openapi.json")
    assert (first.status_code, first.headers["Content-Type"]) == (200, "application/json")
    assert first.json() == json.loads(json.dumps(api.get_openapi_schema()))
    monkeypatch.delattr(type(api), "get_openapi_schema")
    again = Client().get("/api/v1/openapi.json")
    assert (again.status_code, again.content) == (200, first.content)


def test_no_two_schemas_share_a_name() -> None:
    """The document has one place per name: of two, the later would describe both."""
    names = Counter(schema.__name__ for schema in descendants(Schema) if is_ours(schema))
    assert [name for name, times in names.items() if times > 1] == []


def is_ours(schema: type[Schema]) -> bool:
    made_by_ninja = schema.__module__.startswith("ninja") or schema.__name__.startswith("Ninja")
    return not made_by_ninja and "[" not in schema.__name__


def descendants(schema: type[Schema]) -> set[type[Schema]]:
    direct = set(schema.__subclasses__())
    return direct.union(*(descendants(child) for child in direct))
