"""A change of mTLS mode without a failed request: servers first, then clients, then the rest. Pure.

Clients speak mTLS to workloads of any mode but DISABLE, so only a change to or from DISABLE makes
them act otherwise. While it is under way the servers take both. Where each workload stands is kept
outside (proxy.fleet.steps): it outlives control processes, and all of them go by it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from routing.compile.mtls import Overlap
from routing.ir import MtlsMode

Key = tuple[str, str, int]
"""Namespace, workload, port; port 0 is the workload, others only where they are set apart."""

Modes = Mapping[Key, MtlsMode]


class Stage(StrEnum):
    """OPENING: servers begin to take both. SWITCHING: they do, clients are told the new way."""

    STABLE = "stable"
    OPENING = "opening"
    SWITCHING = "switching"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a workload stands; `mtls` is what its clients have been told last."""

    mtls: bool
    stage: Stage = Stage.STABLE


Standings = Mapping[Key, Standing]


def aim(standings: Standings, modes: Modes) -> dict[Key, Standing]:
    """Turn towards the modes that shall be in force, from wherever each workload stands."""
    aimed = {
        key: _turned(standings.get(key) or _of_workload(standings, key), wanted)
        for key, wanted in _wanted(standings, modes).items()
    }
    return {key: one for key, one in aimed.items() if key in modes or not _joins(one, aimed, key)}


def _wanted(standings: Standings, modes: Modes) -> dict[Key, bool]:
    """Whether clients shall speak mTLS. A port that is no longer set apart goes with its workload."""
    wanted = {key: mode is not MtlsMode.DISABLE for key, mode in modes.items()}
    for key in standings:
        workload = (*key[:2], 0)
        if key not in wanted and workload in wanted:
            wanted[key] = wanted[workload]
    return wanted


def _of_workload(standings: Standings, key: Key) -> Standing | None:
    """Clients of a port that is set apart now did until now as its workload's did."""
    return standings.get((*key[:2], 0))


def _turned(before: Standing | None, wanted: bool) -> Standing:
    match before:
        case None:
            return Standing(wanted)
        case Standing(mtls, Stage.OPENING) if mtls == wanted:
            return Standing(wanted)  # no client has been told anything else
        case Standing(mtls, Stage.STABLE) if mtls != wanted:
            return Standing(mtls, Stage.OPENING)
        case Standing(mtls, Stage.SWITCHING) if mtls != wanted:
            return Standing(wanted, Stage.SWITCHING)  # servers still take both
    return before


def _joins(one: Standing, aimed: Standings, key: Key) -> bool:
    """Whether a port that is no longer set apart does as its workload does."""
    return one.stage is Stage.STABLE and aimed.get((*key[:2], 0)) == one


def advance(standings: Standings) -> dict[Key, Standing]:
    """One step on: every proxy has taken the one before."""
    return {key: _advanced(one) for key, one in standings.items()}


def _advanced(one: Standing) -> Standing:
    match one.stage:
        case Stage.OPENING:
            return Standing(not one.mtls, Stage.SWITCHING)
        case Stage.SWITCHING:
            return Standing(one.mtls)
    return one


def under_way(standings: Standings) -> bool:
    return any(one.stage is not Stage.STABLE for one in standings.values())


def overlaps(standings: Standings) -> frozenset[Overlap]:
    """What the compiler has to know of changes under way."""
    return frozenset(
        Overlap(
            namespace=namespace,
            workload=workload,
            port=port,
            # any mode of the way that is being left
            previous=_any_mode(one.mtls is (one.stage is Stage.OPENING)),
            clients_switched=one.stage is Stage.SWITCHING,
        )
        for (namespace, workload, port), one in standings.items()
        if one.stage is not Stage.STABLE
    )


def _any_mode(mtls: bool) -> MtlsMode:
    return MtlsMode.STRICT if mtls else MtlsMode.DISABLE
