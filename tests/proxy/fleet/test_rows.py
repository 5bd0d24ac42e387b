"""The fleet's rows: what is known of each proxy, gathered until it is written."""

from copy import copy
from datetime import UTC, datetime

import pytest

from proxy import services
from proxy.fleet.rows import Rows
from proxy.models import ProxyRow
from proxy.xds.messages import CLUSTER, LISTENER, ROUTES, SHORT_NAMES
from proxy.xds.options import Options
from proxy.xds.snapshot import ProxySnapshot, Snapshots
from tests.proxy.xds.shop import sidecar

TAKEN = "cannot bind '127.93.0.2:9080': Address already in use"


def snapshot(weight: int = 10) -> ProxySnapshot:
    return Snapshots(Options()).snapshot(sidecar(weight))


def known(first: ProxySnapshot) -> Rows:
    rows = Rows("here")
    rows.planned({first.proxy_id: first}, 1, all_=True)
    return rows


def only(rows: Rows) -> ProxyRow:
    (row,), gone = rows.take(0.0)
    assert gone == []
    return row


def said(row: ProxyRow) -> tuple[str, int, str]:
    return row.state, row.revision, row.error


def test_a_proxy_goes_from_disconnected_over_pending_to_synced() -> None:
    first = snapshot()
    rows = known(first)
    assert said(only(rows)) == ("disconnected", 0, "")
    rows.connected(first.proxy_id, 100.0)
    assert said(only(rows)) == ("pending", 0, "")
    rows.sent(first.proxy_id, CLUSTER, 6.0)
    rows.acknowledged(first.proxy_id, CLUSTER, first, 7.0)
    rows.settled(first, 1)
    row = only(rows)
    assert said(row) == ("synced", 1, "")
    assert row.certificate_expires_at is not None
    assert row.types["CDS"] == {
        "state": "SYNCED",
        "version": first.versions()[CLUSTER],
        "wanted": first.versions()[CLUSTER],
        "sent_at": 6.0,
        "acked_at": 7.0,
        "error": "",
    }
    assert list(row.types) == list(SHORT_NAMES.values())
    assert rows.take(0.0) == ([], [])


def test_a_revision_that_does_not_concern_a_synced_proxy_is_its_revision_too() -> None:
    first = snapshot()
    rows = known(first)
    rows.connected(first.proxy_id, None)
    rows.settled(first, 1)
    assert said(only(rows)) == ("synced", 1, "")
    rows.planned({first.proxy_id: first}, 2, all_=True)
    assert (rows.take(0.0), rows.carried()) == (([], []), 2)
    rows.sent(first.proxy_id, CLUSTER, 0.0)
    assert said(only(rows)) == ("synced", 2, "")


@pytest.mark.django_db
def test_a_revision_is_written_for_those_that_carry_it_and_no_others() -> None:
    first = snapshot()
    rows = known(first)
    rows.connected(first.proxy_id, None)
    rows.settled(first, 1)
    row = only(rows)
    others = [copy(row) for _ in range(3)]
    for index, other in enumerate(others):
        other.id = f"other-{index}"
    others[0].state, others[1].connected, others[2].control = "pending", False, "there"
    ProxyRow.objects.bulk_create([row, *others])
    services.write_proxies(row.control, [], [], 7, datetime(2026, 1, 1, tzinfo=UTC))
    assert dict(ProxyRow.objects.values_list("id", "revision")) == {
        row.id: 7,
        **{other.id: 1 for other in others},
    }


def test_a_refusal_is_shown_until_the_proxy_has_all_it_shall_have() -> None:
    first = snapshot()
    rows = known(first)
    rows.connected(first.proxy_id, None)
    rows.rejected(first.proxy_id, CLUSTER, "no")
    assert said(only(rows)) == ("rejected", 0, "no")
    rows.settled(first, 2)
    assert said(only(rows)) == ("synced", 2, "")


def test_a_taken_address_leaves_a_proxy_pending_and_is_news_once() -> None:
    first = snapshot()
    rows = known(first)
    rows.connected(first.proxy_id, None)
    assert rows.stalled(first.proxy_id, LISTENER, TAKEN)
    assert not rows.stalled(first.proxy_id, LISTENER, TAKEN)
    assert said(only(rows)) == ("pending", 0, TAKEN)


def test_what_could_not_be_written_is_written_with_the_next() -> None:
    first = snapshot()
    rows = known(first)
    taken = rows.take(0.0)
    rows.put_back(*taken)
    assert said(only(rows)) == ("disconnected", 0, "")
    rows.removed([first.proxy_id])
    written, gone = rows.take(0.0)
    assert (written, gone) == ([], [first.proxy_id])
    rows.put_back(written, gone)
    assert rows.take(0.0) == ([], [first.proxy_id])


def test_a_late_word_on_an_older_snapshot_neither_syncs_nor_hides_a_refusal() -> None:
    old, new = snapshot(10), snapshot(20)
    rows = known(old)
    rows.connected(old.proxy_id, None)
    rows.planned({new.proxy_id: new}, 2, all_=True)
    rows.rejected(new.proxy_id, CLUSTER, "no")
    rows.settled(old, 2)
    assert said(only(rows)) == ("rejected", 0, "no")


def test_a_refusal_of_what_a_proxy_had_ends_its_being_synced() -> None:
    first = snapshot()
    rows = known(first)
    rows.connected(first.proxy_id, None)
    rows.settled(first, 1)
    rows.rejected(first.proxy_id, CLUSTER, "no")
    rows.planned({first.proxy_id: first}, 2, all_=True)
    assert said(only(rows)) == ("rejected", 1, "no")


def test_a_type_shows_what_was_acknowledged_not_what_is_wanted() -> None:
    old, new = snapshot(10), snapshot(20)
    rows = known(old)
    (proxy_id, version) = old.proxy_id, old.versions()[ROUTES]

    wanted: list[str] = []

    def routes() -> tuple[object, ...]:
        told = only(rows).types["RDS"]
        wanted.append(told["wanted"])
        return told["state"], told["version"], told["acked_at"], told["error"]

    rows.connected(proxy_id, None)
    assert routes() == ("NOT SENT", "", None, "")
    rows.sent(proxy_id, ROUTES, 6.0)
    assert routes() == ("STALE", "", None, "")
    rows.acknowledged(proxy_id, ROUTES, old, 7.0)
    assert routes() == ("SYNCED", version, 7.0, "")
    rows.planned({proxy_id: new}, 2, all_=True)
    rows.sent(proxy_id, ROUTES, 6.0)
    assert routes() == ("STALE", version, 7.0, "")
    rows.rejected(proxy_id, ROUTES, "no")
    assert routes() == ("NACK", version, 7.0, "no")
    rows.sent(proxy_id, ROUTES, 6.0)
    rows.acknowledged(proxy_id, ROUTES, new, 8.0)
    assert routes() == ("SYNCED", new.versions()[ROUTES], 8.0, "")
