"""What a store gives up is told in words that say how to ask instead."""

import pytest

from rest.contracts import Refusal
from telemetry.store.client import Store
from tracing import asking


@pytest.mark.parametrize(
    ("sql", "seconds", "status", "code", "words"),
    [
        ("SELECT count() FROM numbers(1000000000000) WHERE number % 7 = 3", 0.1, 503, "took_too_long", "ask for less time"),
        ("SELECT length(groupArray(number)) FROM numbers(1000000000)", 20, 503, "asked_too_much", "more memory"),
        ("SELECT nothing", 1, 503, "store_refused", "gave up: Unknown expression"),
        ("SELECT match('a', '(')", 1, 422, "bad_pattern", "not a pattern (RE2): "),
    ],
)  # fmt: skip
def test_every_way_of_giving_up_has_its_words(
    shop: Store,
    monkeypatch: pytest.MonkeyPatch,
    sql: str,
    seconds: float,
    status: int,
    code: str,
    words: str,
) -> None:
    monkeypatch.setattr(asking, "store", lambda: shop)
    with pytest.raises(Refusal) as refused:
        asking.asked(lambda store: store.query(sql, max_execution_time=seconds))
    assert (refused.value.status, refused.value.code) == (status, code)
    assert words in refused.value.message
    assert "DB::Exception" not in refused.value.message
