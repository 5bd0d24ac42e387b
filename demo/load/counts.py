"""What was sent and what became of it, exactly, per route."""

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

KEPT_FAILURES = 50


@dataclass(slots=True)
class RouteCount:
    """`sent` == `succeeded` + `failed` + those still in flight."""

    sent: int = 0
    succeeded: int = 0
    failed: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    """How often each status, or kind of failure, was the answer."""

    def as_json(self) -> dict[str, Any]:
        return {
            "sent": self.sent,
            "succeeded": self.succeeded,
            "failed": self.failed,
            "in_flight": self.sent - self.succeeded - self.failed,
            "outcomes": dict(sorted(self.outcomes.items())),
        }


class Counts:
    """Counted when a request leaves and when its answer is read to the end."""

    def __init__(self) -> None:
        self._routes: dict[str, RouteCount] = {}
        self._failures: deque[dict[str, Any]] = deque(maxlen=KEPT_FAILURES)
        self.skipped = 0
        """Requests that were due but not sent: too many were under way."""

    def sent(self, route: str) -> None:
        self._routes.setdefault(route, RouteCount()).sent += 1

    def ended(self, route: str, outcome: str, *, succeeded: bool, at: float) -> None:
        """`outcome` is a status code or the name of what went wrong; `at` is Unix time."""
        count = self._routes[route]
        count.outcomes[outcome] += 1
        if succeeded:
            count.succeeded += 1
        else:
            count.failed += 1
            self._failures.append({"at": round(at, 3), "route": route, "outcome": outcome})

    @property
    def in_flight(self) -> int:
        return sum(c.sent - c.succeeded - c.failed for c in self._routes.values())

    def as_json(self) -> dict[str, Any]:
        """{"total": {...}, "routes": {name: {...}}, "skipped": n, "failures": [latest]}."""
        total = RouteCount()
        for count in self._routes.values():
            total.sent += count.sent
            total.succeeded += count.succeeded
            total.failed += count.failed
            total.outcomes.update(count.outcomes)
        return {
            "total": total.as_json(),
            "routes": {name: self._routes[name].as_json() for name in sorted(self._routes)},
            "skipped": self.skipped,
            "failures": list(self._failures),
        }
