"""From what is published and what runs to what every proxy shall have. Runs in one thread."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from proxy.fleet.quarantine import Quarantine, Refusal, culprits
from proxy.fleet.transition import Transition
from proxy.xds.options import Options
from proxy.xds.snapshot import (
    Material,
    ProxySnapshot,
    Resource,
    Resources,
    SecretMaterial,
    Snapshots,
)
from routing.compile.mesh import Compiler, Mesh, MeshInput
from routing.contracts import PublishedConfig, ResourceKey
from routing.ir import GatewaySecret
from topology.contracts import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where a planner reads. Each call is one consistent read and may block.

    `published(after)` answers None when nothing newer is there; `generation()` changes whenever
    the registry does.
    """

    published: Callable[[int | None], PublishedConfig | None]
    generation: Callable[[], str]
    registry: Callable[[], Registry]


@dataclass(frozen=True, slots=True)
class Blame:
    """One refusal, and the user's resources it comes from."""

    refusal: Refusal
    keys: tuple[ResourceKey, ...]


LastGood = Callable[[str], ProxySnapshot | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What every proxy shall have, and which of them have to be told.

    `final`: no further step of an mTLS change follows. `refused`: what this very revision brought
    back although it had been refused before, by proxy.
    """

    number: int
    accepted_at: float
    snapshots: Mapping[str, ProxySnapshot]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    final: bool
    refused: Mapping[str, tuple[Blame, ...]] = field(default_factory=dict)


class Planner:
    """Remembers the last plan; makes the next from what has changed since. One thread at a time."""

    def __init__(
        self,
        sources: Sources,
        options: Options,
        last_good: LastGood,
        *,
        host_port_offset: int = 0,
    ) -> None:
        self._sources = sources
        self._options = options
        self._quarantine = Quarantine()
        self._last_good = last_good
        self._host_port_offset = host_port_offset
        self._compiler = Compiler()
        self._snapshots = Snapshots(options)
        self._transition = Transition()
        self._published: PublishedConfig | None = None
        self._newly: frozenset[ResourceKey] = frozenset()
        self._generation: str | None = None
        self._registry = Registry()
        self._mesh: Mesh | None = None
        self._served: dict[str, ProxySnapshot] = {}

    def refused_before(self, resource: Resource) -> bool:
        return self._quarantine.knows(resource)

    def refuse(
        self, type_url: str, resource: Resource, error: str, keys: tuple[ResourceKey, ...]
    ) -> None:
        """Never serve this again. The next plan must be made `anew`."""
        self._quarantine.add(type_url, resource, error, keys)

    def plan(self, *, step: bool = False, anew: bool = False) -> Plan | None:
        """The next plan; None when nothing has changed.

        `step`: every proxy has taken the last step of an mTLS change. `anew`: look at every proxy.
        """
        self._newly = frozenset()
        fresh = self._read()
        if step and self._transition.under_way:
            self._transition.advance()
            fresh = True
        if not (fresh or anew) or self._published is None:
            return None
        before, mesh = self._mesh, self._compile()
        self._mesh = mesh
        return self._plan(self._published, mesh, None if anew else before)

    def _read(self) -> bool:
        after = self._published.number if self._published is not None else None
        published = self._sources.published(after)
        generation = self._sources.generation()
        fresh = published is not None or generation != self._generation
        if published is not None:
            self._newly = _newly_written(self._published, published)
            self._published = published
        if generation != self._generation:
            # the generation is read first: what changes in between is read again next time
            self._registry = self._sources.registry()
            self._generation = generation
        return fresh

    def _compile(self) -> Mesh:
        mesh = self._compiler.compile(self._input())
        if self._mesh is not None and self._transition.begin(self._mesh.modes, mesh.modes):
            return self._compiler.compile(self._input())
        return mesh

    def _input(self) -> MeshInput:
        published = self._published
        assert published is not None  # noqa: S101  `plan` has looked
        return MeshInput(
            documents=published.documents,
            registry=self._registry,
            trust_domain=self._options.trust_domain,
            host_port_offset=self._host_port_offset,
            overlap=self._transition.overlaps(),
            secrets=tuple(
                GatewaySecret(
                    name=one.name,
                    namespace=one.namespace,
                    digest=one.digest,
                    has_certificate=bool(one.certificate),
                    has_authorities=bool(one.authorities),
                )
                for one in published.secrets
            ),
        )

    def _plan(self, published: PublishedConfig, mesh: Mesh, before: Mesh | None) -> Plan:
        material = _material(published)
        changed: list[str] = []
        refused: dict[str, tuple[Blame, ...]] = {}
        for proxy_id in mesh.changed_since(before):
            old = self._served.get(proxy_id)
            made = self._snapshots.snapshot(mesh.configs[proxy_id], old, material)
            held = self._quarantine.find(made)
            if held:
                good = self._last_good(proxy_id)
                blames = tuple(self._blames(held, made, good))
                if blames:
                    refused[proxy_id] = blames
                made = self._quarantine.without(made, good)
            if old is None or _differs(made, old):
                self._served[proxy_id] = made
                changed.append(proxy_id)
        removed = tuple(proxy_id for proxy_id in self._served if proxy_id not in mesh.configs)
        for proxy_id in removed:
            del self._served[proxy_id]
        return Plan(
            number=published.number,
            accepted_at=published.accepted_at,
            snapshots=dict(self._served),
            changed=tuple(changed),
            removed=removed,
            final=not self._transition.under_way,
            refused=refused,
        )

    def _blames(
        self, held: tuple[Refusal, ...], made: ProxySnapshot, good: ProxySnapshot | None
    ) -> Iterator[Blame]:
        for refusal in held:
            bad = made.of(refusal.type_url)[refusal.name]
            before = good.of(refusal.type_url).get(refusal.name) if good is not None else None
            found = refusal.keys or culprits(bad, before)
            keys = tuple(key for key in found if key in self._newly)
            if keys:
                yield Blame(refusal, keys)


def _newly_written(before: PublishedConfig | None, now: PublishedConfig) -> frozenset[ResourceKey]:
    """The resources that are not as they were; none of them when there was nothing before."""
    if before is None:
        return frozenset()
    known = {document.key: document for document in before.documents}
    return frozenset(one.key for one in now.documents if known.get(one.key) != one)


def _differs(made: ProxySnapshot, old: ProxySnapshot) -> bool:
    """Whether the proxy has to be told: another object may say the same."""
    return any(
        resources is not old.of(url) and _versions(resources) != _versions(old.of(url))
        for url, resources in made.resources.items()
    )


def _versions(resources: Resources) -> dict[str, str]:
    return {name: one.version for name, one in resources.items()}


def _material(published: PublishedConfig) -> Material:
    known = {
        (one.namespace, one.name, one.digest): SecretMaterial(
            certificate_chain=one.certificate.decode(),
            private_key=one.private_key.decode(),
            authorities=one.authorities.decode(),
        )
        for one in published.secrets
    }
    return lambda secret: known.get((secret.namespace, secret.name, secret.digest))
