"""Hints and waits: with a broker, without one, with one that hangs; and two writers at once."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from mesh_web.accounts.services import create_token
from rest.contracts import Role
from routing import broker as routing_broker
from routing import facade
from routing.contracts import Convergence, ProxyProgress, ProxyState, ResourceKey, RevisionState
from routing.models import Resource, Revision
from routing.services import publish
from tests.mesh_web.live.real import Broker
from tests.routing.app.shop import Api, strict

pytestmark = pytest.mark.django_db(transaction=True)

PROXY = "sidecar~127.66.0.2~payments-v1-abc.shop~shop.svc.cluster.local"
DEFAULT = ResourceKey("PeerAuthentication", "shop", "default")


@pytest.fixture
def celery_broker(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> Iterator[Broker]:
    """A broker that Celery's messages go to as well."""
    url = broker.url.replace("unix://", "redis+socket://")
    monkeypatch.setattr(publish, "broker_url", lambda: url)
    publish._producers.cache_clear()
    yield broker
    publish._producers.cache_clear()


@pytest.fixture
def api() -> Api:
    return Api(create_token(name="ci", role=Role.OPERATOR))


def soon(act: Callable[[], object]) -> threading.Thread:
    """Do it in a thread of its own, as a worker or control would, once revision 1 exists."""

    def run() -> None:
        try:
            end = time.monotonic() + 5
            while not Revision.objects.exists() and time.monotonic() < end:
                time.sleep(0.02)
            time.sleep(0.1)
            act()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def converge(state: ProxyState = ProxyState.SYNCED) -> None:
    publish.publish_through(1, timezone.now())
    facade.record_convergence(
        Convergence(
            revision=1,
            state=RevisionState.CONVERGED,
            proxies=(ProxyProgress(proxy_id=PROXY, state=state, ms=34.1),),
        )
    )


def timed(call: Callable[[], Any]) -> tuple[Any, float]:
    began = time.monotonic()
    answer = call()
    return answer, time.monotonic() - began


def test_waiting_ends_when_the_proxies_have_it(api: Api, broker: Broker) -> None:
    thread = soon(converge)
    response, seconds = timed(lambda: api.apply(strict(), "?wait=converged&timeout=10s"))
    thread.join()
    body = response.json()
    assert (response.status_code, body["state"], body["ms"], body["converged"], body["total"]) == (
        200,
        "converged",
        34.1,
        1,
        1,
    )
    assert seconds < 3


def test_waiting_ends_when_a_later_revision_carries_it(api: Api, broker: Broker) -> None:
    def overtake() -> None:
        api.apply(strict("DISABLE"))
        publish.publish_through(2, timezone.now())
        facade.record_convergence(Convergence(revision=2, state=RevisionState.CONVERGED))

    thread = soon(overtake)
    response, seconds = timed(lambda: api.apply(strict(), "?wait=converged&timeout=10s"))
    thread.join()
    assert (response.status_code, response.json()["state"]) == (200, "superseded")
    assert seconds < 3


def test_what_is_overtaken_waits_for_what_carries_it(api: Api, broker: Broker) -> None:
    def overtake() -> None:
        api.apply(strict("DISABLE"))
        publish.publish_through(2, timezone.now())
        facade.record_convergence(Convergence(revision=2, state=RevisionState.PUSHED))

    thread = soon(overtake)
    response, _ = timed(lambda: api.apply(strict(), "?wait=converged&timeout=1s"))
    thread.join()
    assert (response.status_code, response.json()["state"]) == (202, "pushed")


def test_what_is_carried_by_a_revision_that_not_all_have_is_only_accepted(
    api: Api, broker: Broker
) -> None:
    def overtake() -> None:
        api.apply(strict("DISABLE"))
        publish.publish_through(2, timezone.now())
        silent = ProxyProgress(proxy_id=PROXY, state=ProxyState.PENDING, error="no answer for 30 s")
        facade.record_convergence(
            Convergence(revision=2, state=RevisionState.PARTIAL, proxies=(silent,))
        )

    thread = soon(overtake)
    response, seconds = timed(lambda: api.apply(strict(), "?wait=converged&timeout=10s"))
    thread.join()
    assert (response.status_code, response.json()["state"]) == (202, "superseded")
    assert seconds < 3
    assert list(Revision.objects.filter(number=2).values_list("converged", "total")) == [(0, 1)]


def test_waiting_ends_when_a_proxy_refuses(api: Api, broker: Broker) -> None:
    def refuse() -> None:
        publish.publish_through(1, timezone.now())
        facade.record_convergence(Convergence(revision=1, state=RevisionState.REJECTED))
        time.sleep(0.2)  # the culprit is found after the refusal
        facade.revert_rejected(DEFAULT, 1, "bad transport socket")

    thread = soon(refuse)
    response, seconds = timed(lambda: api.apply(strict(), "?wait=converged&timeout=10s"))
    thread.join()
    body = response.json()
    assert (response.status_code, body["code"]) == (422, "rejected")
    assert [one["resource"] for one in body["findings"]] == [str(DEFAULT)]
    assert seconds < 3


def test_when_time_is_out_it_is_accepted(api: Api, broker: Broker) -> None:
    response, seconds = timed(lambda: api.apply(strict(), "?wait=converged&timeout=300ms"))
    assert (response.status_code, response.json()["state"]) == (202, "accepted")
    assert 0.25 < seconds < 2


def test_waiting_works_without_a_broker(api: Api) -> None:
    thread = soon(converge)
    response, seconds = timed(lambda: api.apply(strict(), "?wait=converged&timeout=10s"))
    thread.join()
    assert (response.status_code, response.json()["state"]) == (200, "converged")
    assert seconds < 4


def test_the_broker_keeps_the_latest_word_on_a_revision(api: Api, broker: Broker) -> None:
    api.apply(strict())
    converge()
    kept = routing_broker.client().get("meshweb:revision:1")
    assert kept == (
        b'{"revision": 1, "state": "converged", "proxies": '
        b'[{"id": "'
        + PROXY.encode()
        + b'", "state": "synced", "ms": 34.1, "error": "", "control": ""}]}'
    )


def test_without_a_broker_a_change_is_accepted_at_once(api: Api) -> None:
    response, seconds = timed(lambda: api.apply(strict()))
    assert response.status_code == 202
    assert seconds < 1


def test_a_change_is_handed_to_the_workers_of_revisions(api: Api, celery_broker: Broker) -> None:
    api.apply(strict())
    assert routing_broker.client().llen("revisions") == 1


def test_a_broker_that_hangs_holds_up_a_change_for_half_a_second(
    api: Api, celery_broker: Broker
) -> None:
    api.apply(strict())
    assert celery_broker._process is not None
    os.kill(celery_broker._process.pid, signal.SIGSTOP)
    try:
        response, seconds = timed(lambda: api.apply(strict("DISABLE")))
    finally:
        os.kill(celery_broker._process.pid, signal.SIGCONT)
    assert response.status_code == 202
    assert seconds < 1.5


def test_writers_at_once_lose_nothing_and_numbers_follow_each_other(api: Api) -> None:
    answers: list[int] = []

    def write(i: int) -> None:
        try:
            answers.append(api.apply(strict(namespace=f"shop-{i}")).json()["revision"])
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == list(range(1, 9))
    assert Resource.objects.count() == 8
    assert list(Revision.objects.order_by("pk").values_list("number", flat=True)) == list(
        range(1, 9)
    )
