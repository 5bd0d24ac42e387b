"""From what is accepted and what runs to what every proxy shall have. Runs in one thread.

What a plan brings is tried first: of a revision that Envoy would refuse no proxy is told.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from functools import cache, partial

from proxy.fleet.culprits import Suspects, find_culprits
from proxy.fleet.quarantine import Quarantine, Refusal, culprits
from proxy.fleet.stages import Stages, Story
from proxy.fleet.steps import InMemory, Steps, StepStore
from proxy.fleet.transition import Modes, Standings, advance, aim, overlaps, under_way
from proxy.fleet.trials import Case, Finding, changes, tried
from proxy.fleet.tryout import Guilty, Tryout
from proxy.xds.options import Options
from proxy.xds.remember import Recognised
from proxy.xds.shared import difference
from proxy.xds.snapshot import (
    Material,
    ProxySnapshot,
    Resource,
    SecretMaterial,
    Snapshots,
)
from routing.compile.mesh import Compiler, Mesh, MeshInput
from routing.compile.mtls import Overlap
from routing.contracts import Document, PublishedConfig, ResourceKey, Trial
from routing.ir import GatewaySecret
from topology.contracts import Registry

log = logging.getLogger(__name__)

_FEW = 8


def _tell_nobody(_: int, __: Trial | None) -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where a planner reads. Each call is one consistent read and may block.

    `published(None)` is what is in force, `published(after)` the newest that was accepted, or None
    when that is not newer. `generation()` changes whenever the registry does. `push` hears of
    each revision, and of its trial, before the plan with it is given out. `steps` keeps where
    changes of mTLS modes stand.
    """

    published: Callable[[int | None], PublishedConfig | None]
    generation: Callable[[], str]
    registry: Callable[[], Registry]
    push: Callable[[int, Trial | None], None] = _tell_nobody
    steps: StepStore = field(default_factory=InMemory)


@dataclass(frozen=True, slots=True)
class Blame:
    """One refusal, and the user's resources it comes from."""

    refusal: Refusal
    keys: tuple[ResourceKey, ...]


LastGood = Callable[[str], ProxySnapshot | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What every proxy shall have, and which of them have to be told.

    `final`: no further step of an mTLS change follows; `step` is the version of the one that this
    plan brings. `refused`: what this very revision brought
    back although it had been refused before, by proxy. `story` is how it was made.
    """

    number: int
    accepted_at: float
    snapshots: Mapping[str, ProxySnapshot]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    final: bool
    step: int = 0
    refused: Mapping[str, tuple[Blame, ...]] = field(default_factory=dict)
    story: Story = field(default_factory=Story)


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnedDown:
    """Envoy would refuse what the revisions up to `number` bring: nobody is told.

    `culprits` are the users' resources at fault, with Envoy's words.
    """

    number: int
    culprits: Mapping[ResourceKey, str]
    trial: Trial
    story: Story = field(default_factory=Story)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A configuration, and what is declared with it: the namespaces, services and workloads of a
    registry, whose pods do not count."""

    published: PublishedConfig
    declared: Registry


_NOTHING_YET = PublishedConfig(number=0, accepted_at=0.0, documents=())

Aside = Callable[[Callable[[], Finding]], "Future[Finding]"]
"""Does something that may take long; planning goes on meanwhile."""


def at_once(work: Callable[[], Finding]) -> "Future[Finding]":
    """Planning waits."""
    done: Future[Finding] = Future()
    done.set_result(work())
    return done


@dataclass(frozen=True, slots=True)
class _Trying:
    """What is being tried, and how that plan has been made so far."""

    candidate: Candidate
    finding: "Future[Finding]"
    stages: Stages


@dataclass(frozen=True, slots=True)
class _News:
    """`candidate`: there is something that shall be in force next. `running`: what runs differs."""

    published: PublishedConfig | None
    candidate: bool
    running: bool


@dataclass(frozen=True, slots=True)
class _Compiled:
    """The latest mesh and what it was made of; `aimed` is where mTLS changes stand with it."""

    published: PublishedConfig
    running: Registry
    steps: Steps
    mesh: Mesh
    aimed: Standings

    def is_of(self, published: PublishedConfig, running: Registry, steps: Steps) -> bool:
        return self.published is published and self.running is running and self.steps is steps


class Planner:
    """Remembers the last plan; makes the next from what has changed since. One thread at a time.

    Without a `tryout` nothing is tried, and what Envoy refuses is found out by the proxies. What is
    tried is tried `aside`: until Envoy has answered, plans bring the pods that come and go.
    """

    def __init__(
        self,
        sources: Sources,
        options: Options,
        last_good: LastGood,
        *,
        host_port_offset: int = 0,
        tryout: Tryout | None = None,
        aside: Aside = at_once,
    ) -> None:
        self._sources = sources
        self._aside = aside
        self._tryout = tryout
        self._options = options
        self._quarantine = Quarantine()
        self._last_good = last_good
        self._host_port_offset = host_port_offset
        self._compiler = Compiler()
        self._snapshots = Snapshots(options)
        self._stages = Stages()
        self._steps = Steps()
        self._aimed: Standings = {}
        self._aims: tuple[Standings, Modes, Standings] | None = None
        self._overlaps: Recognised[frozenset[Overlap]] = Recognised(_FEW)
        self._going: Recognised[bool] = Recognised(_FEW)
        self._in_force = Candidate(_NOTHING_YET, Registry())
        self._trying: _Trying | None = None
        self._refused: Trial | None = None
        self._compiled: _Compiled | None = None
        self._joined: tuple[Registry, Registry, Registry] | None = None
        self._published: PublishedConfig | None = None
        self._previous: PublishedConfig | None = None
        self._newly: Callable[[], frozenset[ResourceKey]] = frozenset
        self._generation: str | None = None
        self._registry = Registry()
        self._mesh: Mesh | None = None
        self._served: dict[str, ProxySnapshot] = {}

    def refused_before(self, resource: Resource) -> bool:
        return self._quarantine.knows(resource)

    def blame_changes(self, number: int, error: str) -> tuple[ResourceKey, ...]:
        """The changes of revision `number`, if that is the last, that Envoy refuses with `error`.

        For what names no resource: the only change, or those that a trial finds.
        """
        now, before = self._published, self._previous
        if now is None or before is None or now.number != number:
            return ()
        tryout, material = Tryout(self._options), _material(now)
        given = self._input(self._in_force)
        old = self._compiler.compile(replace(given, documents=before.documents))
        tryout.trust(changes(old, None))

        def refused(documents: tuple[Document, ...]) -> bool:
            mesh = self._compiler.compile(replace(given, documents=documents))
            return tryout.refuses(changes(mesh, old), material)

        suspects = Suspects(
            before=before.documents, after=now.documents, guilty=(Guilty((), error),)
        )
        return tuple(find_culprits(suspects, refused))

    def refuse(
        self, type_url: str, resource: Resource, error: str, keys: tuple[ResourceKey, ...]
    ) -> None:
        """Never serve this again. The next plan must be made `anew`."""
        self._quarantine.add(type_url, resource, error, keys)

    def plan(
        self, *, step: bool = False, anew: bool = False, untried: int | None = None
    ) -> Plan | TurnedDown | None:
        """The next plan; None when nothing has changed, or what has is still being tried.

        `step`: every proxy has taken the last step of an mTLS change. `anew`: look at every proxy.
        What was turned down, or could not be planned, is looked at again in the next call; not if
        that is revision `untried`, which is pushed whatever Envoy says.
        """
        self._stages = Stages()
        with self._stages("read"):
            news = self._read()
        around = self._look_at_steps(proved=step) or anew or news.running
        if not (news.candidate or around) or news.published is None:
            return None
        generation, self._generation = self._generation, None
        made = self._next_plan(news.published, around=around, anew=anew, untried=untried)
        if isinstance(made, Plan) or self._trying is not None:
            self._generation = generation
        return made

    def _next_plan(
        self, published: PublishedConfig, *, around: bool, anew: bool, untried: int | None
    ) -> Plan | TurnedDown | None:
        if self._trying is None:
            candidate = self._candidate(published)
            if not self._is_new(candidate):
                return self._push(candidate, None, anew=anew)
            if published.number == untried:
                return self._let_through(candidate, anew=anew)
            if not self._starts_trial(candidate):
                return self._push(candidate, None, anew=anew)
        trying = self._trying
        if trying is not None and trying.finding.done():
            return self._after_trial(trying, anew=anew)
        # what runs does not wait for what shall be in force next
        return self._push(self._in_force, None, anew=anew) if around else None

    def _candidate(self, published: PublishedConfig) -> Candidate:
        """What shall be in force next: with what is declared by now. Pods come and go beside it."""
        declared = self._in_force.declared
        if declared is not self._registry and _declares(declared) != _declares(self._registry):
            declared = self._registry
        return Candidate(published, declared)

    def _is_new(self, candidate: Candidate) -> bool:
        now = self._in_force
        return candidate.published is not now.published or candidate.declared is not now.declared

    def _starts_trial(self, candidate: Candidate) -> bool:
        """False when there is nothing to try. What was in force when we came was tried before us."""
        if self._tryout is None:
            return False
        mesh = self._compile(candidate)
        fresh = self._tryout.fresh_in(changes(mesh, self._mesh))
        if self._published is None or not fresh.parts:
            self._tryout.remember(fresh)
            return False
        case = Case(
            number=candidate.published.number,
            before=self._input(self._in_force),
            after=self._input(candidate),
            fresh=fresh,
            material=_material(candidate.published),
        )
        finding = self._aside(partial(tried, self._tryout, case))
        self._trying = _Trying(candidate, finding, self._stages)
        return True

    def _after_trial(self, trying: "_Trying", *, anew: bool) -> Plan | TurnedDown | None:
        self._trying, self._stages = None, trying.stages
        found, published = trying.finding.result(), trying.candidate.published
        told = _told_of(found.trial)
        self._stages.took("try", found.began, found.ended, told)
        if not found.culprits:
            return self._push(trying.candidate, found.trial, anew=anew)
        self._refused = found.trial
        return TurnedDown(
            number=published.number,
            culprits=found.culprits,
            trial=found.trial,
            story=self._stages.story(published),
        )

    def _let_through(self, candidate: Candidate, *, anew: bool) -> Plan | None:
        if self._tryout is not None:
            self._tryout.trust(changes(self._compile(candidate), self._mesh))
        return self._push(candidate, self._refused, anew=anew)

    def _look_at_steps(self, *, proved: bool) -> bool:
        """Whether another step of an mTLS change is to be taken than that of the last plan."""
        store, before = self._sources.steps, self._steps
        self._steps = store.load()
        due = proved and self._steps is before and self._under_way(before.standings)
        if due and store.prove(before.version):
            further = store.keep(before, before.revision, advance(before.standings))
            self._steps = further or store.load()
        return self._steps is not before

    def _push(self, candidate: Candidate, trial: Trial | None, *, anew: bool) -> Plan | None:
        published = candidate.published
        before, mesh = self._mesh, self._compile(candidate)
        if not self._keep_steps(published):
            return None
        if self._published is not None and published is not self._published:
            with self._stages("mark pushed"):
                self._sources.push(published.number, trial)
        # hardly ever asked for
        self._newly = cache(partial(_newly_written, self._published, published))
        if published is not self._published:
            self._previous = self._published
        self._published, self._in_force, self._mesh = published, candidate, mesh
        return self._plan(published, mesh, None if anew else before)

    def _read(self) -> "_News":
        """What shall be in force, and whether it or what runs is news."""
        after = self._published.number if self._published is not None else None
        trying = self._trying
        # revisions keep their order: the next one waits until this one is judged
        newer = self._sources.published(after) if trying is None else trying.candidate.published
        generation = self._sources.generation()
        running = generation != self._generation
        if running:
            # the generation is read first: what changes in between is read again next time
            self._registry = self._sources.registry()
            self._generation = generation
        news = newer is not None if trying is None else trying.finding.done()
        return _News(newer or self._published, news, running)

    def _compile(self, candidate: Candidate) -> Mesh:
        """As far as mTLS changes may be by now; `_aimed` is where they stand with this mesh."""
        published, running = candidate.published, self._running(candidate)
        made = self._compiled
        if made is None or not made.is_of(published, running, self._steps):
            with self._stages("compile", documents=len(published.documents)):
                mesh = self._compile_aimed(published, running)
            made = self._compiled = _Compiled(published, running, self._steps, mesh, self._aimed)
        self._aimed = made.aimed
        return made.mesh

    def _compile_aimed(self, published: PublishedConfig, running: Registry) -> Mesh:
        self._aimed = self._steps.standings
        mesh = self._compiler.compile(self._mesh_input(published, running))
        if published.number < self._steps.revision:
            return mesh  # another process is ahead: its revision comes to us, too
        self._aimed = self._aim(self._steps.standings, mesh.modes)
        if self._overlap(self._aimed) == self._overlap(self._steps.standings):
            return mesh
        return self._compiler.compile(self._mesh_input(published, running))

    def _running(self, candidate: Candidate) -> Registry:
        """What is declared, with the pods there are now."""
        declared, now = candidate.declared, self._registry
        if declared is now:
            return now
        last = self._joined
        if last is None or last[0] is not declared or last[1] is not now:
            last = self._joined = (declared, now, replace(declared, pods=now.pods))
        return last[2]

    def _aim(self, standings: Standings, modes: Modes) -> Standings:
        """The standings themselves where they have got there."""
        if self._aims is None or self._aims[0] is not standings or self._aims[1] is not modes:
            aimed = aim(standings, modes)
            self._aims = (standings, modes, standings if aimed == standings else aimed)
        return self._aims[2]

    def _overlap(self, standings: Standings) -> frozenset[Overlap]:
        return self._overlaps(standings, overlaps)

    def _under_way(self, standings: Standings) -> bool:
        return self._going(standings, under_way)

    def _keep_steps(self, published: PublishedConfig) -> bool:
        """Before anybody is told; False when another process was quicker."""
        if self._aimed is self._steps.standings or self._aimed == self._steps.standings:
            return True
        kept = self._sources.steps.keep(self._steps, published.number, self._aimed)
        if kept is None:
            return False
        self._steps = kept
        return True

    def _input(self, candidate: Candidate) -> MeshInput:
        return self._mesh_input(candidate.published, self._running(candidate))

    def _mesh_input(self, published: PublishedConfig, running: Registry) -> MeshInput:
        return MeshInput(
            documents=published.documents,
            registry=running,
            trust_domain=self._options.trust_domain,
            host_port_offset=self._host_port_offset,
            overlap=self._overlap(self._aimed),
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
        with self._stages("make snapshots") as told:
            changed, refused = self._make(published, mesh, before)
            told["changed"] = len(changed)
        removed = tuple(proxy_id for proxy_id in self._served if proxy_id not in mesh.configs)
        for proxy_id in removed:
            del self._served[proxy_id]
        return Plan(
            number=published.number,
            accepted_at=published.accepted_at,
            snapshots=dict(self._served),
            changed=tuple(changed),
            removed=removed,
            final=not self._under_way(self._steps.standings),
            step=self._steps.version,
            refused=refused,
            story=self._stages.story(published),
        )

    def _make(
        self, published: PublishedConfig, mesh: Mesh, before: Mesh | None
    ) -> tuple[list[str], dict[str, tuple[Blame, ...]]]:
        """Which proxies have to be told, and what is held back from them."""
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
        return changed, refused

    def _blames(
        self, held: tuple[Refusal, ...], made: ProxySnapshot, good: ProxySnapshot | None
    ) -> Iterator[Blame]:
        for refusal in held:
            bad = made.of(refusal.type_url)[refusal.name]
            before = good.of(refusal.type_url).get(refusal.name) if good is not None else None
            found = refusal.keys or culprits(bad, before)
            keys = tuple(key for key in found if key in self._newly())
            if keys:
                yield Blame(refusal, keys)


def _told_of(trial: Trial) -> dict[str, str | int | float]:
    """What a trial came to, for the story of its plan."""
    told: dict[str, str | int | float] = {
        "outcome": trial.outcome.value,
        "command": "envoy --mode validate",
        "parts": trial.parts,
    }
    return {**told, "error": trial.error} if trial.error else told


def _declares(registry: Registry) -> tuple[object, ...]:
    return (registry.namespaces, registry.services, registry.workloads)


def _newly_written(before: PublishedConfig | None, now: PublishedConfig) -> frozenset[ResourceKey]:
    """The resources that are not as they were; none of them when there was nothing before."""
    if before is None:
        return frozenset()
    known = {document.key: document for document in before.documents}
    changed = (one for one in now.documents if known.get(one.key) is not one)
    return frozenset(one.key for one in changed if known.get(one.key) != one)


def _differs(made: ProxySnapshot, old: ProxySnapshot) -> bool:
    """Whether the proxy has to be told: another object may say the same."""
    found = (difference(old.of(url), resources) for url, resources in made.resources.items())
    return any(one.changed or one.gone for one in found)


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
