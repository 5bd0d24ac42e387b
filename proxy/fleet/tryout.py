"""Whether Envoy would take what a plan brings: tried before anybody is told, and once only."""

import logging
import time
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

from proxy.fleet.asking import Answer, Ask, Declined, Silent, Taken, ask_envoy
from proxy.fleet.trial import guilty
from proxy.xds import units
from proxy.xds.options import Options
from proxy.xds.snapshot import Material
from proxy.xds.units import Part, Table
from routing.ir import Cluster, ProxyConfig, VirtualHost

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 15.0
"""How long the search for a culprit may hold up what comes after it."""

_MOST = 20_000


@dataclass(frozen=True, slots=True)
class Passed:
    """Envoy takes all of it. `tried` parts had to be shown to it, which took `ms`."""

    tried: int
    ms: float


@dataclass(frozen=True, slots=True)
class Guilty:
    """The parts that Envoy refuses, by themselves or only together, and its words."""

    parts: tuple[Part, ...]
    words: str


@dataclass(frozen=True, slots=True)
class Failed:
    """Envoy refuses some of the `tried` parts."""

    tried: int
    ms: float
    found: tuple[Guilty, ...]


@dataclass(frozen=True, slots=True)
class Untried:
    """Envoy could not be asked about the `tried` parts."""

    tried: int
    ms: float
    reason: str


Verdict = Passed | Failed | Untried

Change = tuple[ProxyConfig, ProxyConfig | None]
"""What a proxy shall have, and what it has."""


class TookTooLongError(Exception):
    """The search has taken too long."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """What Envoy has not seen: parts, each once, by what its judgement hangs on.

    `looked` are all that were looked at, by identity.
    """

    parts: dict[Hashable, Part]
    looked: dict[int, Cluster | VirtualHost]


class Tryout:
    """Remembers what Envoy took. One thread at a time."""

    def __init__(self, options: Options, ask: Ask = ask_envoy) -> None:
        self._options = options
        self._ask = ask
        self._passed: dict[Hashable, None] = {}
        self._seen: dict[int, Cluster | VirtualHost] = {}

    def trust(self, changes: Iterable[Change]) -> None:
        """What is in force already needs no trial."""
        self.remember(self.fresh_in(changes))

    def judge(self, fresh: Fresh, material: Material) -> Verdict:
        """Show Envoy, in one run, what it has not seen; find the guilty if it refuses."""
        began = time.monotonic()
        given = tuple(fresh.parts.values())
        answer = self._asked(given, material) if given else Taken()
        match answer:
            case Taken():
                self.remember(fresh)
                return Passed(len(given), _ms_since(began))
            case Silent(reason):
                return Untried(len(given), _ms_since(began), reason)
            case Declined():
                found = self._guilty(given, answer, material)
                return Failed(len(given), _ms_since(began), found)

    def refuses(self, changes: Iterable[Change], material: Material) -> bool:
        """Whether Envoy refuses something of this; what it takes is remembered."""
        fresh = self.fresh_in(changes)
        given = tuple(fresh.parts.values())
        answer = self._asked(given, material) if given else Taken()
        if isinstance(answer, Taken):
            self.remember(fresh)
        return isinstance(answer, Declined)

    def _asked(self, given: Sequence[Part], material: Material) -> Answer:
        return self._ask(units.bootstrap(given, self._options, material))

    def _guilty(
        self, given: tuple[Part, ...], said: Declined, material: Material
    ) -> tuple[Guilty, ...]:
        answers: dict[tuple[int, ...], Answer] = {_ids(given): said}
        until = time.monotonic() + PATIENCE_SECONDS

        def refused(some: Sequence[Part]) -> bool:
            if _ids(some) not in answers:
                if time.monotonic() > until:
                    raise TookTooLongError
                answers[_ids(some)] = self._asked(some, material)
            return isinstance(answers[_ids(some)], Declined)

        try:
            found = groups(guilty(given, refused), refused)
        except TookTooLongError:
            log.warning("Envoy refuses one of %d parts; it takes too long to say which", len(given))
            found = ()
        return tuple(
            Guilty(group, answer.words)
            for group in found or (given,)
            if isinstance(answer := answers.get(_ids(group), said), Declined)
        )

    def fresh_in(self, changes: Iterable[Change]) -> Fresh:
        given = tuple(changes)
        looked: dict[int, Cluster | VirtualHost] = {}
        for config, before in given:
            clusters = units.clusters(config, before)
            looked.update(zip(map(id, clusters), clusters, strict=True))
        tables = {id(one): one for change in given for one in units.tables(*change)}
        for table in tables.values():
            looked.update(zip(map(id, table.virtual_hosts), table.virtual_hosts, strict=True))
        new: list[Part] = [looked[known] for known in looked if known not in self._seen]
        new += map(Table, tables.values())
        new += (one for change in given for one in units.others(*change))
        fresh: dict[Hashable, Part] = {}
        for part in new:
            key = units.normal(part)
            if key not in self._passed:
                fresh.setdefault(key, part)
        return Fresh(fresh, looked)

    def remember(self, fresh: Fresh) -> None:
        """Envoy has taken it, or need not be asked."""
        self._passed.update(dict.fromkeys(fresh.parts))
        while len(self._passed) > _MOST:
            del self._passed[next(iter(self._passed))]
        if len(self._seen) > _MOST:
            self._seen = {}
        # holding them keeps their identities from being given to others
        self._seen.update(fresh.looked)


def _ids(some: Iterable[Part]) -> tuple[int, ...]:
    return tuple(map(id, some))


def groups(
    found: tuple[Part, ...], refused: Callable[[Sequence[Part]], bool]
) -> tuple[tuple[Part, ...], ...]:
    """The guilty, each by itself where it is refused by itself; the others together."""
    alone = tuple((one,) for one in found if refused((one,)))
    return alone or ((found,) if found else ())


def _ms_since(began: float) -> float:
    return round((time.monotonic() - began) * 1000, 1)
