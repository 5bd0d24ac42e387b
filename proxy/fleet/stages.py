"""How a plan was made, stage by stage: values that become spans where the plan is carried out."""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from routing.contracts import PublishedConfig

Told = dict[str, str | int | float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Unix nanoseconds."""

    name: str
    began: int
    ended: int
    told: Mapping[str, str | int | float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """`trace` is where the revision's trace goes on, "" where there is none; `carried` are those of
    older revisions that came with it. Stages are in order."""

    trace: str = ""
    carried: tuple[str, ...] = ()
    stages: tuple[Stage, ...] = ()


class Stages:
    """Notes when each stage of one plan began and ended."""

    def __init__(self, clock: Callable[[], int] = time.time_ns) -> None:
        self._clock = clock
        self._done: list[Stage] = []

    @contextlib.contextmanager
    def __call__(self, name: str, **told: str | float) -> Iterator[Told]:
        """What is put into the mapping that it yields is told with the stage."""
        began = self._clock()
        found: Told = dict(told)
        yield found
        self._done.append(Stage(name=name, began=began, ended=self._clock(), told=found))

    def took(self, name: str, began: int, ended: int, told: Told) -> None:
        """A stage that was gone through elsewhere."""
        self._done.append(Stage(name=name, began=began, ended=ended, told=told))

    def story(self, published: PublishedConfig) -> Story:
        """So far."""
        return Story(trace=published.trace, carried=published.carried, stages=tuple(self._done))
