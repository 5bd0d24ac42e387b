"""ClickHouse's RowBinary, as far as answers about samples need it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from metrics.promql.labels import Labels
from metrics.promql.series import Floats, Integers

SAMPLE = np.dtype([("id", "<u8"), ("t", "<i8"), ("v", "<f8")])


@dataclass(slots=True)
class Reader:
    """Goes through rows of variable length."""

    data: bytes
    at: int = 0

    def rows(self) -> Iterator["Reader"]:
        while self.at < len(self.data):
            yield self

    def length(self) -> int:
        result = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            result |= (byte & 0x7F) << shift
            if byte < 0x80:
                return result
            shift += 7

    def text(self) -> str:
        size = self.length()
        self.at += size
        return self.data[self.at - size : self.at].decode(errors="replace")

    def pairs(self) -> Labels:
        """An Array(Tuple(String, String))."""
        return tuple([(self.text(), self.text()) for _ in range(self.length())])

    def floats(self) -> Floats:
        size = 8 * self.length()
        self.at += size
        return np.frombuffer(self.data, "<f8", size // 8, self.at - size)

    def counts(self) -> Integers:
        size = 8 * self.length()
        self.at += size
        return np.frombuffer(self.data, "<i8", size // 8, self.at - size)
