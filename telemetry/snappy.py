"""Snappy blocks, as Prometheus sends them."""


class BadBlock(ValueError):  # noqa: N818  says what the text is
    """Not snappy, or more than may be."""


class TooLarge(BadBlock):
    """It would unpack to more than may be."""


def length_of(block: bytes) -> int:
    """What it would unpack to, in bytes. Raises BadBlock."""
    result = 0
    for place, byte in enumerate(block[:5]):
        result |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return result
    raise BadBlock("the body is not a snappy block")


def unpacked(block: bytes, limit: int) -> bytes:
    """Raises BadBlock; what claims more than `limit` bytes is TooLarge before any is unpacked."""
    size = length_of(block)
    if size > limit:
        raise TooLarge(f"at most {limit} bytes, unpacked")
    import pyarrow as pa  # noqa: PLC0415  slow and large; most processes never need it

    try:
        return bytes(pa.decompress(block, decompressed_size=size, codec="snappy", asbytes=True))
    except (pa.ArrowInvalid, OSError):
        raise BadBlock("the body is not a snappy block") from None


def packed(text: bytes) -> bytes:
    import pyarrow as pa  # noqa: PLC0415

    return bytes(pa.compress(text, codec="snappy", asbytes=True))
