"""From what is accepted and what runs to what every proxy shall have. Runs in one thread.

What a plan brings is tried first: of a revision that Envoy would refuse no proxy is told.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, partial

from proxy.fleet.culprits import Suspects, find_culprits
from proxy.fleet.quarantine import Quarantine, Refusal, culprits
from proxy.fleet.stages import Stages, Story
from proxy.fleet.steps import InMemory, Steps, StepStore
from proxy.fleet.transition import Modes, Standings, advance, aim, overlaps, under_way
from proxy.fleet.tryout import Failed, Guilty, Passed, Tryout, Untried
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
from routing.contracts import Document, PublishedConfig, ResourceKey, Trial, TrialOutcome
from routing.ir import GatewaySecret, ProxyConfig
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


class Planner:
    """Remembers the last plan; makes the next from what has changed since. One thread at a time.

    Without a `tryout` nothing is tried, and what Envoy refuses is found out by the proxies.
    """

    def __init__(
        self,
        sources: Sources,
        options: Options,
        last_good: LastGood,
        *,
        host_port_offset: int = 0,
        tryout: Tryout | None = None,
    ) -> None:
        self._sources = sources
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
        old = self._compiler.compile(self._input(now, before.documents))
        tryout.trust(_changes(old, None))

        def refused(documents: tuple[Document, ...]) -> bool:
            mesh = self._compiler.compile(self._input(now, documents))
            return tryout.refuses(_changes(mesh, old), material)

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
        """The next plan; None when nothing has changed.

        `step`: every proxy has taken the last step of an mTLS change. `anew`: look at every proxy.
        What was turned down, or could not be planned, is looked at again in the next call; not if
        that is revision `untried`, which is pushed whatever Envoy says.
        """
        self._stages = Stages()
        with self._stages("read"):
            published, fresh = self._read()
        fresh = self._look_at_steps(proved=step) or fresh
        if not (fresh or anew) or published is None:
            return None
        made: Plan | TurnedDown | None = None
        try:
            made = self._tried_plan(published, anew=anew, untried=untried)
        finally:
            if not isinstance(made, Plan):
                self._generation = None
        return made

    def _look_at_steps(self, *, proved: bool) -> bool:
        """Whether another step of an mTLS change is to be taken than that of the last plan."""
        store, before = self._sources.steps, self._steps
        self._steps = store.load()
        due = proved and self._steps is before and self._under_way(before.standings)
        if due and store.prove(before.version):
            further = store.keep(before, before.revision, advance(before.standings))
            self._steps = further or store.load()
        return self._steps is not before

    def _tried_plan(
        self, published: PublishedConfig, *, anew: bool, untried: int | None
    ) -> Plan | TurnedDown | None:
        with self._stages("compile", documents=len(published.documents)):
            before, mesh = self._mesh, self._compile(published)
        with self._stages("try") as told:
            trial = self._try(published, mesh)
            told.update(_told_of(trial))
        if isinstance(trial, TurnedDown):
            if published.number != untried:
                return trial
            mesh, trial = self._let_through(published), trial.trial
        if not self._keep_steps(published):
            return None
        if self._published is not None and published is not self._published:
            with self._stages("mark pushed"):
                self._sources.push(published.number, trial)
        # hardly ever asked for
        self._newly = cache(partial(_newly_written, self._published, published))
        if published is not self._published:
            self._previous = self._published
        self._published, self._mesh = published, mesh
        return self._plan(published, mesh, None if anew else before)

    def _read(self) -> tuple[PublishedConfig | None, bool]:
        """What shall be in force, and whether it or what runs is news."""
        after = self._published.number if self._published is not None else None
        published = self._sources.published(after)
        generation = self._sources.generation()
        fresh = published is not None or generation != self._generation
        if generation != self._generation:
            # the generation is read first: what changes in between is read again next time
            self._registry = self._sources.registry()
            self._generation = generation
        return published or self._published, fresh

    def _compile(self, published: PublishedConfig) -> Mesh:
        """As far as mTLS changes may be by now; `_aimed` is where they stand with this mesh."""
        self._aimed = self._steps.standings
        mesh = self._compiler.compile(self._input(published))
        if published.number < self._steps.revision:
            return mesh  # another process is ahead: its revision comes to us, too
        self._aimed = self._aim(self._steps.standings, mesh.modes)
        if self._overlap(self._aimed) == self._overlap(self._steps.standings):
            return mesh
        return self._compiler.compile(self._input(published))

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

    def _try(self, published: PublishedConfig, mesh: Mesh) -> Trial | TurnedDown | None:
        """None: there was nothing to try. What was in force when we came was tried before us."""
        if self._tryout is None:
            return None
        changes = _changes(mesh, self._mesh)
        if self._published is None:
            self._tryout.trust(changes)
            return None
        verdict = self._tryout.judge(changes, _material(published))
        match verdict:
            case Passed(tried=0):
                return None
            case Passed(tried=tried, ms=ms):
                return Trial(outcome=TrialOutcome.PASSED, parts=tried, ms=ms)
            case Failed() as failed:
                trial = Trial(
                    outcome=TrialOutcome.REFUSED,
                    parts=failed.tried,
                    ms=failed.ms,
                    error=failed.found[0].words,
                )
                culprits = self._culprits(published, failed)
                if culprits:
                    number = published.number
                    return TurnedDown(
                        number=number,
                        culprits=culprits,
                        trial=trial,
                        story=self._stages.story(published, _told_of(trial)),
                    )
                log.error("Envoy refuses what no resource is to blame for: %s", trial.error)
            case Untried(tried=tried, ms=ms, reason=reason):
                log.warning("revision %d is pushed untried: %s", published.number, reason)
                trial = Trial(outcome=TrialOutcome.UNTRIED, parts=tried, ms=ms, error=reason)
        # asked again it would say the same, or nothing: the proxies will tell
        self._tryout.trust(changes)
        return trial

    def _let_through(self, published: PublishedConfig) -> Mesh:
        """Compiled again: the search for culprits has compiled others since."""
        mesh = self._compile(published)
        if self._tryout is not None:
            self._tryout.trust(_changes(mesh, self._mesh))
        return mesh

    def _culprits(self, published: PublishedConfig, failed: Failed) -> Mapping[ResourceKey, str]:
        tryout, now, material = self._tryout, self._published, _material(published)
        assert tryout is not None and now is not None  # noqa: S101, PT018  `_try` has looked

        def refused(documents: tuple[Document, ...]) -> bool:
            mesh = self._compiler.compile(self._input(published, documents))
            return tryout.refuses(_changes(mesh, self._mesh), material)

        return find_culprits(
            Suspects(before=now.documents, after=published.documents, guilty=failed.found), refused
        )

    def _input(
        self, published: PublishedConfig, documents: tuple[Document, ...] | None = None
    ) -> MeshInput:
        return MeshInput(
            documents=published.documents if documents is None else documents,
            registry=self._registry,
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


def _changes(mesh: Mesh, before: Mesh | None) -> list[tuple[ProxyConfig, ProxyConfig | None]]:
    """The configurations that are new or others, each with the one before."""
    known = before.configs if before is not None else {}
    return [(mesh.configs[one], known.get(one)) for one in mesh.changed_since(before)]


def _told_of(trial: Trial | TurnedDown | None) -> dict[str, str | int | float]:
    """What a trial came to, for the story of its plan."""
    if isinstance(trial, TurnedDown):
        trial = trial.trial
    if trial is None:
        return {"outcome": "nothing to try"}
    told: dict[str, str | int | float] = {
        "outcome": trial.outcome.value,
        "command": "envoy --mode validate",
        "parts": trial.parts,
    }
    return {**told, "error": trial.error} if trial.error else told


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
