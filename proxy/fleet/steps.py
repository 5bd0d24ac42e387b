"""Where changes of mTLS modes stand, for all control processes: one row, changed by one at a time."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Protocol

from django.utils import timezone

from proxy.fleet.transition import Key, Stage, Standing, Standings
from proxy.models import ControlProcess, MtlsChange

ALIVE = timedelta(seconds=4)
"""A control process that has not spoken for so long is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """`version` grows with every change; `revision` is the newest that the standings aim at."""

    version: int = 0
    revision: int = 0
    standings: Standings = field(default_factory=dict)


class StepStore(Protocol):
    """Calls may block. Of several processes that `keep` on the same version one succeeds."""

    def load(self) -> Steps: ...

    def keep(self, before: Steps, revision: int, standings: Standings) -> Steps | None:
        """The next version; None when somebody else was quicker."""
        ...

    def prove(self, version: int) -> bool:
        """All proxies of this process have this version; whether those of all others have, too."""
        ...


class InMemory:
    """For one process that nobody else helps."""

    def __init__(self) -> None:
        self._steps = Steps()

    def load(self) -> Steps:
        return self._steps

    def keep(self, before: Steps, revision: int, standings: Standings) -> Steps | None:
        self._steps = replace(
            before, version=before.version + 1, revision=revision, standings=standings
        )
        return self._steps

    def prove(self, version: int) -> bool:
        return version == self._steps.version


class InDatabase:
    """Of the control process called `name`."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._latest = Steps()

    def load(self) -> Steps:
        row = MtlsChange.objects.values_list("version", "revision").filter(pk=1).first()
        if row is None:
            return Steps()
        if row != (self._latest.version, self._latest.revision):
            whole = MtlsChange.objects.get(pk=1)
            self._latest = Steps(
                version=whole.version,
                revision=whole.revision,
                standings=read(whole.stages),
            )
        return self._latest

    def keep(self, before: Steps, revision: int, standings: Standings) -> Steps | None:
        made = Steps(version=before.version + 1, revision=revision, standings=standings)
        fields = {"version": made.version, "revision": revision, "stages": written(standings)}
        if before.version == 0:
            _, won = MtlsChange.objects.get_or_create(pk=1, defaults=fields)
        else:
            won = MtlsChange.objects.filter(pk=1, version=before.version).update(**fields) == 1
        if not won:
            return None
        self._latest = made
        return made

    def prove(self, version: int) -> bool:
        ControlProcess.objects.filter(name=self._name).update(mtls=version)
        living = ControlProcess.objects.filter(seen_at__gt=timezone.now() - ALIVE)
        return not living.exclude(name=self._name).filter(mtls__lt=version).exists()


def written(standings: Standings) -> dict[str, list[Any]]:
    """As JSON: "namespace/workload/port" -> [mtls, stage]."""
    return {
        f"{namespace}/{workload}/{port}": [one.mtls, one.stage.value]
        for (namespace, workload, port), one in standings.items()
    }


def read(kept: Mapping[str, Any]) -> dict[Key, Standing]:
    """What `written` made."""
    found: dict[Key, Standing] = {}
    for name, (mtls, stage) in kept.items():
        namespace, workload, port = name.split("/")
        found[namespace, workload, int(port)] = Standing(mtls, Stage(stage))
    return found
