"""Known XXH64 checksums."""

import pytest

from metrics.promql.label_hash import encoded, place, xxh64
from metrics.promql.labels import make


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", 0xEF46DB3751D8E999),
        (b"a", 0xD24EC4F1A98C6E5B),
        (b"abc", 0x44BC2CF5AD770999),
        (b"Nobody inspects the spammish repetition", 0xFBCEA83C8A378BF1),
    ],
)
def test_checksums_are_those_of_the_specification(data: bytes, expected: int) -> None:
    assert xxh64(data) == expected


def test_a_label_set_lies_between_zero_and_one() -> None:
    labels = make({"__name__": "up", "text": "é" * 200})
    assert encoded(labels)[:12] == b"\x08__name__\x02up"
    assert encoded(labels)[17:21] == b"\xff\x90\x01\x00"
    assert 0 <= place(labels) < 1
