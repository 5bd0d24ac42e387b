"""The configuration database goes through lines of JSON and comes out as it was."""

import json

import pytest
from django.db import IntegrityError

from mesh_web.accounts.services import create_token, first_start
from mesh_web.backup import rows
from metrics.models import RuleFile
from proxy.identity import authority
from rest.contracts import Role

pytestmark = pytest.mark.django_db(transaction=True)


def silent(_: int) -> None:
    """Nobody wants to know how far it is."""


def dumped() -> list[bytes]:
    with rows.snapshot() as alias:
        return list(rows.dump(alias, rows.applied(alias), silent))


def fill() -> None:
    first_start()
    authority.ensure()
    create_token(name="ci", role=Role.OPERATOR, namespaces=["shop"])
    RuleFile.objects.create(name="grün\n", text="\0x", findings=[{"a": [1.5, None, "é"]}])


def test_what_is_loaded_is_what_was_dumped() -> None:
    fill()
    before, recorded, counted = dumped(), rows.applied("default"), list[int]()
    rows.load(before, recorded, counted.append)
    assert dumped() == before
    rows_written = sum(line.startswith(b"[") for line in before)
    assert (counted[-1], rows_written > 30) == (rows_written, True)
    create_token(name="later", role=Role.VIEWER)  # its number is none that was taken


def test_what_is_written_meanwhile_is_not_in_it_and_waits_for_nobody() -> None:
    fill()
    with rows.snapshot() as alias:
        lines = rows.dump(alias, rows.applied(alias), silent)
        first = next(lines)
        create_token(name="meanwhile", role=Role.VIEWER)
        rest = list(lines)
    assert json.loads(first)["model"] == "auth.Group"
    assert not any(b"meanwhile" in line for line in rest)
    assert any(b"meanwhile" in line for line in dumped())


def test_a_database_with_rows_is_not_empty() -> None:
    assert rows.is_empty()
    create_token(name="ci", role=Role.VIEWER)
    assert not rows.is_empty()


def test_rows_that_refer_to_nothing_are_refused_and_leave_everything_as_it_was() -> None:
    fill()
    before, recorded = dumped(), rows.applied("default")
    without_users = [line for line in before if b"$" not in line]  # their passwords' hashes have it
    with pytest.raises(IntegrityError):
        rows.load(without_users, recorded, silent)
    assert dumped() == before


def test_what_a_later_version_would_have_is_told_by_name() -> None:
    recorded = {**rows.applied("default"), "routing": ("0001_initial", "0999_future")}
    assert rows.unknown(rows.applied("default")) == ()
    assert rows.unknown(recorded) == ("routing.0999_future",)
