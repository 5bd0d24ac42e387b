"""Searches in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.store.client import Store
from tests.tracing.test_selectors import found
from tracing.query.conditions import (
    And,
    Attribute,
    Compare,
    Comparison,
    Exists,
    Field,
    Not,
    Or,
    Place,
)
from tracing.query.parse import Unreadable, parse


def test_words_become_a_tree() -> None:
    assert parse('service=payments (error OR duration>=1.5ms) NOT span.retry=~"[0-9]+" exists("a b")') == And(
        (
            Compare(Field.SERVICE, Comparison.EQUAL, "payments"),
            Or(
                (
                    Compare(Field.ERROR, Comparison.EQUAL, "true"),
                    Compare(Field.DURATION, Comparison.AT_LEAST, 1_500_000),
                )
            ),
            Not(Compare(Attribute("retry", Place.SPAN), Comparison.MATCHES, "[0-9]+")),
            Exists(Attribute("a b")),
        )
    )  # fmt: skip
    assert parse("http.status_code > 499") == Compare(
        Attribute("http.status_code"), Comparison.GREATER, 499.0
    )
    assert parse("  ") is None


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("service=", 8),
        ("(error", 6),
        ("error)", 5),
        ("duration>5", 9),
        ("kind=servr", 5),
        ('a="b', 2),
        ("service", 0),
        ("a ~ b", 2),
        ("duration=~1s", 10),
        ("service>1", 8),
        ("exists(", 7),
        ("exists(=)", 7),
        ("a=1 and", 7),
        ("not " * 100 + "a", 256),
        ("a" * 5000, 4096),
    ],
)
def test_what_cannot_be_read_is_said_with_its_place(text: str, position: int) -> None:
    with pytest.raises(Unreadable) as refused:
        parse(text)
    assert refused.value.position == position


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse(text)
    except Unreadable as refused:
        position = refused.position
    else:
        position = 0
    assert 0 <= position <= len(text)


def test_each_kind_of_condition_is_asked_of_the_store(shop: Store) -> None:
    def traces(text: str) -> list[int]:
        return found(shop, where=parse(text), limit=50)

    everything = [6, 5, 4, 3, 2, 1]
    assert traces("service=payments error") == [3]
    assert traces("service=payments NOT error") == [6, 5, 4, 2, 1]
    assert traces('operation="POST /pay" duration>=5ms') == [6, 5]
    assert traces("workload=payments-v2 or error=true") == [6, 4, 3, 2]
    assert traces('upstream_cluster.name=~"outbound.*payments.*"') == everything
    assert traces("span.upstream_cluster.name") == everything
    assert traces("resource.upstream_cluster.name") == []
    assert traces('exists(nowhere) or resource.service.name!="payments"') == everything
    assert traces('upstream_cluster.name!~"outbound.*"') == []
    assert traces("upstream_cluster.name > 5") == []
    assert traces("event.message=x or link.kind=y or scope.a=b") == []
    assert traces("kind=client status=unset namespace=shop") == everything
    assert traces("scope.name!=x trace=" + "05" * 16) == [5]
    assert traces("\"quo'te\"='; DROP TABLE otel_traces'") == []
