"""A change of mTLS mode without a failed request: servers first, then clients, then the rest. Pure.

Clients speak mTLS to workloads of any mode but DISABLE, so only a change to or from DISABLE makes
them act otherwise. While it is under way the servers take both.
"""

from collections.abc import Mapping

from routing.compile.mtls import Overlap
from routing.ir import MtlsMode

Modes = Mapping[tuple[str, str, int], MtlsMode]
"""(namespace, workload, port) -> the mode in force."""


class Transition:
    """The overlaps now in force. `advance` when every proxy has taken the step before."""

    def __init__(self) -> None:
        self._overlaps: dict[tuple[str, str, int], Overlap] = {}

    def copy(self) -> "Transition":
        made = Transition()
        made._overlaps = dict(self._overlaps)
        return made

    @property
    def under_way(self) -> bool:
        return bool(self._overlaps)

    def overlaps(self) -> frozenset[Overlap]:
        return frozenset(self._overlaps.values())

    def begin(self, before: Modes, after: Modes) -> bool:
        """Start on what changed between two meshes; whether there was anything to start on."""
        begun = False
        for key, mode in after.items():
            previous = before.get(key)
            if previous is None or not _clients_change(previous, mode):
                continue
            namespace, workload, port = key
            self._overlaps[key] = Overlap(
                namespace=namespace,
                workload=workload,
                port=port,
                previous=previous,
                clients_switched=False,
            )
            begun = True
        return begun

    def advance(self) -> None:
        self._overlaps = {
            key: Overlap(
                namespace=one.namespace,
                workload=one.workload,
                port=one.port,
                previous=one.previous,
                clients_switched=True,
            )
            for key, one in self._overlaps.items()
            if not one.clients_switched
        }


def _clients_change(previous: MtlsMode, mode: MtlsMode) -> bool:
    return (previous is MtlsMode.DISABLE) is not (mode is MtlsMode.DISABLE)
