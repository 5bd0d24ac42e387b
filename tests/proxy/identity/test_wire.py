"""What comes over the wire is refused, not feared."""

import pytest

from proxy.identity import wire


@pytest.mark.parametrize("raw", [b"", b"\xff", b"[]", b"1", b"[" * 100_000, b'{"a":' * 100_000])
def test_what_is_no_json_object_is_a_value_error(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        wire.decode(raw)


def test_an_object_comes_as_it_was() -> None:
    assert wire.decode(wire.encode({"pods": []})) == {"pods": []}
