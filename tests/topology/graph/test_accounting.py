"""No request is counted twice, and mutual TLS is known where anyone knows it."""

from telemetry.contracts import EdgeKey
from tests.topology.graph.traffic_values import NOW, Edges, filled, inbound, key, requests, tcp
from topology.graph.accounting import counted
from topology.graph.window import REQUESTS


def drawn(*seconds: Edges) -> dict[EdgeKey, tuple[int, float]]:
    """Requests and the mutual TLS share of each row that counts; -1: nobody knows."""
    found = counted(filled(*seconds).totals(NOW, 60))
    shares = [-1.0 if share != share else share for share in found.mtls.tolist()]  # noqa: PLR0124
    numbers = zip(found.counts[:, REQUESTS].tolist(), shares, strict=True)
    return dict(zip(found.keys, numbers, strict=True))


def test_of_two_reports_the_source_counts() -> None:
    source, destination = key("cart", "prices"), inbound("cart", "prices")
    assert drawn(((source, requests(5)), (destination, requests(4)))) == {source: (5, 1.0)}


def test_a_caller_outside_the_mesh_counts_by_the_destination() -> None:
    outsider = inbound("unknown", "prices", security="none")
    assert drawn(((outsider, requests(4)),)) == {outsider: (4, 0.0)}


def test_an_unnamed_caller_over_mutual_tls_is_a_proxy_and_has_reported_itself() -> None:
    source = key("checkout", "store", protocol="tcp", code="")
    unnamed = inbound("unknown", "store", protocol="tcp", code="")
    assert drawn(((source, tcp(sent=10)), (unnamed, tcp(sent=10)))) == {source: (0, 1.0)}


def test_plain_text_from_within_the_mesh_is_not_an_outsider() -> None:
    source = key("cart", "prices", security="none")
    unnamed = inbound("unknown", "prices", security="none")
    seconds = [((source, requests(10)), (unnamed, requests(10)))] * 20
    assert drawn(*seconds) == {source: (200, 0.0)}


def test_destinations_may_be_ahead_of_sources() -> None:
    source = key("cart", "prices", security="none")
    unnamed = inbound("unknown", "prices", security="none")
    seconds: list[Edges] = [((source, requests(10)), (unnamed, requests(10)))] * 20
    assert drawn(*seconds, ((unnamed, requests(10)),), ((unnamed, requests(10)),)) == {
        source: (200, 0.0)
    }


def test_outsiders_are_what_plain_text_sources_leave_over() -> None:
    source = key("cart", "prices", security="none")
    unnamed = inbound("unknown", "prices", security="none")
    seconds: list[Edges] = [((source, requests(10)), (unnamed, requests(15)))] * 20
    found = drawn(*seconds)
    assert set(found) == {source, unnamed}
    outside, _ = found[unnamed]
    assert 50 <= outside <= 100, "the newest three seconds may yet be explained by sources"


def test_security_unknown_to_the_source_is_taken_from_the_destination() -> None:
    source = key("cart", "prices", security="unknown")
    seen = inbound("cart", "prices", security="mutual_tls")
    plain = inbound("cart", "prices", "503", security="none")
    assert drawn(((source, requests(4)), (seen, requests(3)), (plain, requests(1)))) == {
        source: (4, 0.75)
    }


def test_security_falls_back_to_what_the_destination_saw_of_unnamed_callers() -> None:
    source = key("checkout", "store", protocol="tcp", code="", security="unknown")
    seen = inbound("unknown", "store", protocol="tcp", code="")
    assert drawn(((source, tcp(sent=1)), (seen, tcp(sent=1)))) == {source: (0, 1.0)}


def test_a_request_that_reached_nobody_says_nothing_of_security() -> None:
    source = key("cart", "prices", "503", destination_workload="unknown", security="unknown")
    assert drawn(((source, requests(1)),)) == {source: (1, -1.0)}
