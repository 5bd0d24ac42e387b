"""What each namespace may have: so many series, so many bytes a second. Its neighbours are untouched.

Bytes are those of rows on their way to the store. They are a bucket that fills at the rate and
holds BURST_SECONDS of it; who overdraws it waits until it is above zero again.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock

MAX_SERIES_PER_NAMESPACE = 50_000
"""Stored series (a histogram is one per bucket and two)."""
MAX_SERIES = 500_000
"""Of all namespaces: who invents namespaces gets no further than this."""
BYTES_PER_SECOND = 16 << 20
BURST_SECONDS = 10
MAX_NAMESPACES = 10_000
OTHERS = "(others)"
"""Who comes after so many namespaces shares one bucket with all that come then."""
NAMELESS = "(none)"


def of_namespace(name: str) -> str:
    """In words: who has one and who has not."""
    return f"namespace {name!r}" if name else "what has no namespace"


@dataclass(slots=True)
class _Bucket:
    level: float
    at: float


@dataclass(slots=True)
class Counted:
    """Of one namespace. `refused_*` since this process started."""

    series: int = 0
    bytes: int = 0
    refused_series: int = 0
    refused_bytes: int = 0


class Quotas:
    """Shared by all doors of one collector. `series`, `all_series` and `rate` (bytes a second): 0 is none."""

    def __init__(
        self,
        series: int = MAX_SERIES_PER_NAMESPACE,
        *,
        all_series: int = MAX_SERIES,
        rate: int = BYTES_PER_SECOND,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.series = series
        self.all_series = all_series
        self.rate = rate
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}
        self._counted: dict[str, Counted] = {}
        self._size = 0
        self._lock = Lock()  # large pages are read in a thread

    def share(self) -> "Share":
        """A door's own part of the series; it gives back what it forgets."""
        return Share(self)

    def counted(self) -> Mapping[str, Counted]:
        """By namespace."""
        return self._counted

    def spend(self, namespace: str, size: int) -> bool:
        """May it send so many bytes now? They are counted if so."""
        if not self.may_send(namespace):
            self.refuse_bytes(namespace, size)
            return False
        self.charge(namespace, size)
        return True

    def may_send(self, namespace: str) -> bool:
        """Is anything left of what it may send now?"""
        return not self.rate or self._bucket(self._known(namespace)).level > 0

    def charge(self, namespace: str, size: int) -> None:
        """It sent so many bytes; who overdraws waits."""
        name = self._known(namespace)
        with self._lock:
            self._counted.setdefault(name, Counted()).bytes += size
            if self.rate:
                self._bucket(name).level -= size

    def refuse_bytes(self, namespace: str, size: int) -> None:
        with self._lock:
            self._counted.setdefault(self._known(namespace), Counted()).refused_bytes += size

    def over_bytes(self, namespace: str) -> str:
        """In words."""
        return f"{of_namespace(namespace)} sends more than {self.rate} bytes a second"

    def over_series(self, namespace: str) -> str:
        """In words."""
        return f"{of_namespace(namespace)} has its {self.series} series already"

    def seconds_to_wait(self, namespace: str) -> int:
        """Until it may send again, as whole seconds; at least 1."""
        if not self.rate:
            return 1
        return max(1, int(-self._bucket(self._known(namespace)).level / self.rate) + 1)

    def full(self, namespace: str, number: int) -> bool:
        """Would so many series more be too many?"""
        counted = self._counted.get(self._known(namespace))
        mine = counted.series if counted else 0
        over = self.series and mine + number > self.series
        return bool(over or (self.all_series and self._size + number > self.all_series))

    def refuse(self, namespace: str, number: int) -> None:
        with self._lock:
            self._counted.setdefault(self._known(namespace), Counted()).refused_series += number

    def add(self, namespace: str, number: int) -> None:
        with self._lock:
            self._size += number
            self._counted.setdefault(self._known(namespace), Counted()).series += number

    def _bucket(self, name: str) -> _Bucket:
        """As full as it is now."""
        now, most = self._clock(), float(self.rate * BURST_SECONDS)
        bucket = self._buckets.setdefault(name, _Bucket(most, now))
        bucket.level = min(most, bucket.level + (now - bucket.at) * self.rate)
        bucket.at = now
        return bucket

    def _known(self, namespace: str) -> str:
        if namespace in self._counted or len(self._counted) < MAX_NAMESPACES:
            return namespace
        return OTHERS


class Share:
    """What one door holds of the quotas of series."""

    def __init__(self, quotas: Quotas) -> None:
        self.quotas = quotas
        self.size = 0
        self._sizes: dict[str, int] = {}

    def take(self, namespace: str, number: int = 1) -> bool:
        """May it have so many series more? They are counted if so."""
        if self.quotas.full(namespace, number):
            self.quotas.refuse(namespace, number)
            return False
        self.quotas.add(namespace, number)
        self._sizes[namespace] = self._sizes.get(namespace, 0) + number
        self.size += number
        return True

    def give_back(self, namespace: str, number: int = 1) -> None:
        number = min(number, self._sizes.get(namespace, 0))
        left = self._sizes.get(namespace, 0) - number
        if left:
            self._sizes[namespace] = left
        else:
            self._sizes.pop(namespace, None)
        self.quotas.add(namespace, -number)
        self.size -= number

    def clear(self) -> None:
        for namespace, number in list(self._sizes.items()):
            self.give_back(namespace, number)


class Toll:
    """One request at the quotas of bytes: whose first rows pass, all of theirs do.

    `charge` once it is taken; who is sent away because of others pays nothing.
    """

    def __init__(self, quotas: Quotas) -> None:
        self.refused: dict[str, int] = {}
        """Rows by namespace."""
        self.sizes: dict[str, int] = {}
        """Bytes that pass by namespace."""
        self._quotas = quotas

    def passes(self, namespace: str, size: int, rows: int = 1) -> bool:
        """Rows that belong together, of so many bytes."""
        known = self.sizes.get(namespace)
        if known is None:
            if namespace in self.refused or not self._quotas.may_send(namespace):
                self._quotas.refuse_bytes(namespace, size)
                self.refused[namespace] = self.refused.get(namespace, 0) + rows
                return False
            known = 0
        self.sizes[namespace] = known + size
        return True

    def charge(self) -> None:
        for namespace, size in self.sizes.items():
            self._quotas.charge(namespace, size)

    def wait_seconds(self) -> int:
        """Until those who were refused may send again; 0 where nobody was."""
        return max(map(self._quotas.seconds_to_wait, self.refused), default=0)

    def why(self) -> str:
        return "; ".join(map(self._quotas.over_bytes, self.refused))
