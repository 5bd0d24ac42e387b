"""The delta xDS conversation, as dialogues."""

from dataclasses import replace

from proxy.ads.session import Acknowledged, Command, Rejected, Request, Send, Session, Settled
from proxy.xds.messages import CLUSTER, ENDPOINTS, LISTENER, ROUTES
from proxy.xds.snapshot import ProxySnapshot, Resource
from routing.ir import ProxyConfig
from tests.proxy.xds import shop

CONFIG = ProxyConfig(proxy=shop.proxy())


def resource(name: str, version: str = "1") -> Resource:
    return Resource(name, version, b"")


C1, C2 = resource("c1"), resource("c2")
E1, E2 = resource("c1"), resource("c2")
L1, R1 = resource("l1"), resource("r1")


def snapshot(**types: tuple[Resource, ...]) -> ProxySnapshot:
    urls = {"clusters": CLUSTER, "endpoints": ENDPOINTS, "listeners": LISTENER, "routes": ROUTES}
    return ProxySnapshot(
        proxy_id=CONFIG.proxy.id,
        config=CONFIG,
        resources={urls[word]: {one.name: one for one in given} for word, given in types.items()},
    )


ONE = snapshot(clusters=(C1,), endpoints=(E1,), listeners=(L1,), routes=(R1,))


def say(session: Session, request: Request) -> list[Command]:
    return list(session.receive(request))


def ack(session: Session, type_url: str, nonce: str) -> list[Command]:
    return say(session, Request(type_url=type_url, nonce=nonce))


def started(target: ProxySnapshot = ONE) -> Session:
    """A session whose proxy has taken all of `target`; four responses were sent."""
    session = Session()
    assert list(session.offer(target)) == []
    say(session, Request(type_url=CLUSTER))
    say(session, Request(type_url=ENDPOINTS, subscribe=tuple(target.of(CLUSTER))))
    ack(session, CLUSTER, "1")
    ack(session, ENDPOINTS, "2")
    say(session, Request(type_url=LISTENER))
    say(session, Request(type_url=ROUTES, subscribe=tuple(target.of(ROUTES))))
    ack(session, LISTENER, "3")
    assert ack(session, ROUTES, "4") == [Acknowledged(ROUTES), Settled(target)]
    return session


def test_a_proxy_that_starts_is_given_each_type_as_it_asks() -> None:
    session = Session()
    assert list(session.offer(ONE)) == []
    assert say(session, Request(type_url=CLUSTER)) == [Send(CLUSTER, "1", (C1,))]
    assert say(session, Request(type_url=ENDPOINTS, subscribe=("c1",))) == [
        Send(ENDPOINTS, "2", (E1,))
    ]
    assert ack(session, CLUSTER, "1") == [Acknowledged(CLUSTER)]
    assert ack(session, ENDPOINTS, "2") == [Acknowledged(ENDPOINTS)]
    assert say(session, Request(type_url=LISTENER)) == [Send(LISTENER, "3", (L1,))]
    assert ack(session, LISTENER, "3") == [Acknowledged(LISTENER)]
    assert say(session, Request(type_url=ROUTES, subscribe=("r1",))) == [Send(ROUTES, "4", (R1,))]
    assert ack(session, ROUTES, "4") == [Acknowledged(ROUTES), Settled(ONE)]


def test_a_wildcard_is_answered_even_when_there_is_nothing() -> None:
    session = Session()
    list(session.offer(snapshot()))
    assert say(session, Request(type_url=CLUSTER)) == [Send(CLUSTER, "1", ())]


def test_only_what_changed_is_sent() -> None:
    session = started()
    changed = resource("r1", "2")
    target = replace(ONE, resources={**ONE.resources, ROUTES: {"r1": changed}})
    assert list(session.offer(target)) == [Send(ROUTES, "5", (changed,))]
    assert ack(session, ROUTES, "5") == [Acknowledged(ROUTES), Settled(target)]


def test_an_equal_snapshot_sends_nothing_and_is_settled_at_once() -> None:
    session = started()
    same = replace(ONE, resources=dict(ONE.resources))
    assert list(session.offer(same)) == [Settled(same)]


def test_routes_wait_for_the_clusters_they_may_name() -> None:
    session = started()
    changed = resource("r1", "2")
    target = snapshot(clusters=(C1, C2), endpoints=(E1, E2), listeners=(L1,), routes=(changed,))
    assert list(session.offer(target)) == [Send(CLUSTER, "5", (C2,))]
    assert session.waiting
    assert ack(session, CLUSTER, "5") == [Acknowledged(CLUSTER)]
    assert say(session, Request(type_url=ENDPOINTS, subscribe=("c2",))) == [
        Send(ENDPOINTS, "6", (E2,))
    ]
    assert ack(session, ENDPOINTS, "6") == [
        Acknowledged(ENDPOINTS),
        Send(ROUTES, "7", (changed,)),
    ]
    assert ack(session, ROUTES, "7") == [Acknowledged(ROUTES), Settled(target)]


def test_a_proxy_that_takes_too_long_gets_its_routes_all_the_same() -> None:
    session = started()
    changed = resource("r1", "2")
    target = snapshot(clusters=(C1, C2), endpoints=(E1, E2), listeners=(L1,), routes=(changed,))
    list(session.offer(target))
    assert list(session.release()) == [Send(ROUTES, "6", (changed,))]
    assert not session.waiting


def test_a_cluster_is_taken_away_only_when_no_route_can_name_it() -> None:
    session = started(
        snapshot(clusters=(C1, C2), endpoints=(E1, E2), listeners=(L1,), routes=(R1,))
    )
    changed = resource("r1", "2")
    target = snapshot(clusters=(C1,), endpoints=(E1,), listeners=(L1,), routes=(changed,))
    assert list(session.offer(target)) == [Send(ROUTES, "5", (changed,))]
    assert ack(session, ROUTES, "5") == [
        Acknowledged(ROUTES),
        Send(CLUSTER, "6", (), ("c2",)),
    ]
    assert ack(session, CLUSTER, "6") == [Acknowledged(CLUSTER), Settled(target)]


def test_a_listener_is_taken_away_with_the_response_that_changes_listeners() -> None:
    session = started()
    added = resource("l2")
    target = snapshot(clusters=(C1,), endpoints=(E1,), listeners=(added,), routes=(R1,))
    assert list(session.offer(target)) == [Send(LISTENER, "5", (added,), ("l1",))]


def test_a_refusal_is_told_and_never_sent_again() -> None:
    session = started()
    bad = resource("r1", "bad")
    target = replace(ONE, resources={**ONE.resources, ROUTES: {"r1": bad}})
    list(session.offer(target))
    assert say(session, Request(type_url=ROUTES, nonce="5", error="no such regex")) == [
        Rejected(ROUTES, (bad,), "no such regex")
    ]
    assert ack(session, ROUTES, "5") == []


def test_after_a_refusal_the_last_good_version_settles_the_proxy() -> None:
    session = started()
    bad = resource("r1", "bad")
    list(session.offer(replace(ONE, resources={**ONE.resources, ROUTES: {"r1": bad}})))
    say(session, Request(type_url=ROUTES, nonce="5", error="no such regex"))
    assert list(session.offer(ONE)) == [Send(ROUTES, "6", (R1,))]
    assert ack(session, ROUTES, "6") == [Acknowledged(ROUTES), Settled(ONE)]


def test_an_answer_to_a_replaced_push_settles_nothing() -> None:
    session = started()
    second, third = resource("r1", "2"), resource("r1", "3")
    list(session.offer(replace(ONE, resources={**ONE.resources, ROUTES: {"r1": second}})))
    target = replace(ONE, resources={**ONE.resources, ROUTES: {"r1": third}})
    assert list(session.offer(target)) == [Send(ROUTES, "6", (third,))]
    assert ack(session, ROUTES, "5") == [Acknowledged(ROUTES)]
    assert ack(session, ROUTES, "6") == [Acknowledged(ROUTES), Settled(target)]


def test_a_refusal_of_a_replaced_push_does_not_keep_the_newer_one_from_settling() -> None:
    session = started()
    bad, better = resource("r1", "bad"), resource("r1", "better")
    list(session.offer(replace(ONE, resources={**ONE.resources, ROUTES: {"r1": bad}})))
    target = replace(ONE, resources={**ONE.resources, ROUTES: {"r1": better}})
    assert list(session.offer(target)) == [Send(ROUTES, "6", (better,))]
    assert say(session, Request(type_url=ROUTES, nonce="5", error="no such regex")) == [
        Rejected(ROUTES, (bad,), "no such regex")
    ]
    assert ack(session, ROUTES, "6") == [Acknowledged(ROUTES), Settled(target)]


def test_an_acknowledgement_carries_the_snapshot_when_nothing_of_its_type_is_left() -> None:
    session = started()
    second, third = resource("r1", "2"), resource("r1", "3")
    list(session.offer(replace(ONE, resources={**ONE.resources, ROUTES: {"r1": second}})))
    target = replace(ONE, resources={**ONE.resources, ROUTES: {"r1": third}})
    list(session.offer(target))
    carried = [
        one.snapshot
        for nonce in ("5", "6")
        for one in ack(session, ROUTES, nonce)
        if isinstance(one, Acknowledged)
    ]
    assert carried == [None, target]


def test_a_proxy_that_comes_back_with_everything_is_sent_nothing() -> None:
    session = Session()
    list(session.offer(ONE))
    versions = {"c1": "1"}
    assert say(session, Request(type_url=CLUSTER, initial_versions=versions)) == []
    assert (
        say(session, Request(type_url=ENDPOINTS, subscribe=("c1",), initial_versions=versions))
        == []
    )
    assert say(session, Request(type_url=LISTENER, initial_versions={"l1": "1"})) == []
    assert say(
        session, Request(type_url=ROUTES, subscribe=("r1",), initial_versions={"r1": "1"})
    ) == [Settled(ONE)]


def test_a_proxy_that_comes_back_is_told_what_is_no_more() -> None:
    session = Session()
    list(session.offer(ONE))
    assert say(session, Request(type_url=LISTENER, initial_versions={"l1": "1", "l0": "1"})) == [
        Send(LISTENER, "1", (), ("l0",))
    ]


def test_after_a_reconnect_a_cluster_stays_until_routes_and_listeners_are_known() -> None:
    session = Session()
    list(session.offer(snapshot(clusters=(C1,), endpoints=(E1,), listeners=(L1,), routes=(R1,))))
    known = {"c1": "1", "c2": "1"}
    assert say(session, Request(type_url=CLUSTER, initial_versions=known)) == []
    say(session, Request(type_url=ENDPOINTS, subscribe=("c1",), initial_versions={"c1": "1"}))
    assert say(session, Request(type_url=LISTENER, initial_versions={"l1": "1"})) == []
    (new_routes,) = say(
        session, Request(type_url=ROUTES, subscribe=("r1",), initial_versions={"r1": "0"})
    )
    assert isinstance(new_routes, Send)
    assert (new_routes.type_url, new_routes.removed) == (ROUTES, ())
    _, removal = ack(session, ROUTES, new_routes.nonce)
    assert isinstance(removal, Send)
    assert (removal.type_url, removal.removed) == (CLUSTER, ("c2",))


def test_what_is_asked_for_again_is_sent_again() -> None:
    session = started()
    assert say(session, Request(type_url=ENDPOINTS, subscribe=("c1",))) == [
        Send(ENDPOINTS, "5", (E1,))
    ]


def test_what_was_unsubscribed_is_not_sent() -> None:
    session = started()
    say(session, Request(type_url=ENDPOINTS, unsubscribe=("c1",)))
    target = replace(ONE, resources={**ONE.resources, ENDPOINTS: {"c1": resource("c1", "2")}})
    assert list(session.offer(target)) == []


def test_a_stale_nonce_is_no_answer() -> None:
    session = started()
    assert ack(session, ROUTES, "99") == []


def test_an_unknown_type_is_ignored() -> None:
    session = started()
    assert say(session, Request(type_url="type.googleapis.com/strange.Thing")) == []
