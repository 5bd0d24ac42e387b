"""Which pods of a namespace see the mesh alike: the same Sidecar, the same selecting rules."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from routing.compile.localities import ANYWHERE, Standpoint, asked
from routing.compile.mtls import PodView
from routing.contracts import ResourceKey
from routing.model import DestinationRule, Sidecar
from routing.model.destination_rule import names_credential
from topology.contracts import Labels, selects


class Scope(NamedTuple):
    """`rules` are the DestinationRules that select such pods by label; `edge` are gateways, where some
    rule speaks of them alone; `standpoint` is theirs where some rule asks for it."""

    namespace: str
    sidecar: ResourceKey | None = None
    rules: tuple[ResourceKey, ...] = ()
    edge: bool = False
    standpoint: Standpoint = ANYWHERE


class Scopes:
    """Finds the scope of a pod. Sidecars and rules are given oldest first.

    `apart`: there may be several scopes in one namespace.
    """

    def __init__(
        self,
        sidecars: Iterable[Sidecar],
        rules: Iterable[DestinationRule],
        root_namespace: str,
    ) -> None:
        self.sidecars: Mapping[ResourceKey, Sidecar] = {s.metadata.key: s for s in sidecars}
        self._root = root_namespace
        every = tuple(rules)
        self._rules = [rule for rule in every if rule.selector]
        self._asked = asked(every)
        self._edge = any(names_credential(rule) for rule in every)
        self._whole: dict[str, Scope] = {}
        self._apart: dict[tuple[str, Labels, bool], Scope] = {}
        self.apart = bool(self.sidecars or self._rules or self._asked.place or self._edge)

    def of(self, view: PodView) -> Scope:
        pod = view.pod
        if not self.apart:
            return self._whole.setdefault(pod.namespace, Scope(pod.namespace))
        kind = (pod.namespace, pod.labels, pod.gateway)
        found = self._apart.get(kind)
        if found is None:
            found = self._apart[kind] = self._scope(view)
        return found

    def _scope(self, view: PodView) -> Scope:
        pod = view.pod
        chosen = None if pod.gateway else self._sidecar(view)
        return Scope(
            pod.namespace,
            chosen.metadata.key if chosen else None,
            tuple(
                rule.metadata.key
                for rule in self._rules
                if rule.metadata.key.namespace == pod.namespace
                and selects(rule.selector, pod.labels)
            ),
            self._edge and pod.gateway,
            self._asked.of(pod),
        )

    def _sidecar(self, view: PodView) -> Sidecar | None:
        """The one that selects the pod, else its namespace's, else the mesh's."""
        pod = view.pod
        own = [s for s in self.sidecars.values() if s.metadata.key.namespace == pod.namespace]
        root = [s for s in self.sidecars.values() if s.metadata.key.namespace == self._root]
        candidates = (
            *(s for s in own if selects(s.selector, pod.labels)),
            *(s for s in own if not s.selector),
            *(s for s in root if not s.selector),
        )
        return next(iter(candidates), None)
