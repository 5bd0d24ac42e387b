"""What crosses the broker comes out as it went in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.contracts import EdgeCount, EdgeKey, EdgeSecond, Reporter
from telemetry.edges import decode, encode, pack, unpack

NUMBERS = st.integers(0, 2**53)
KEYS = st.builds(EdgeKey, reporter=st.sampled_from(Reporter), source_version=st.text(max_size=5))
COUNTS = st.builds(
    EdgeCount,
    requests=NUMBERS,
    duration_sum_ms=st.floats(0, 1e12),
    duration_buckets=st.lists(NUMBERS, max_size=20).map(tuple),
    connections_opened=NUMBERS,
    bytes_sent=NUMBERS,
)


@given(st.lists(st.tuples(KEYS, COUNTS), max_size=5))
def test_decode_undoes_encode(edges: list[tuple[EdgeKey, EdgeCount]]) -> None:
    second = EdgeSecond(collector="c", second=1769000000, edges=tuple(edges))
    assert decode(encode(second)) == second
    assert unpack(pack(second)) == second


@pytest.mark.parametrize(
    "text", [b"", b"{}", b"[]", b'{"collector":"c","second":1,"edges":[[[1],[2]]]}']
)
def test_anything_else_is_a_value_error(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(text)
    with pytest.raises(ValueError, match=r"."):
        unpack(text)
