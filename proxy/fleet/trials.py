"""The trial of what shall be in force next: its verdict, and whose fault a refusal is.

It has values of its own, so that another thread may go on planning what is in force.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from proxy.fleet.culprits import Suspects, find_culprits
from proxy.fleet.tryout import Change, Failed, Fresh, Passed, Tryout, Untried
from proxy.xds.snapshot import Material
from routing.compile.mesh import Compiler, Mesh, MeshInput
from routing.contracts import Document, ResourceKey, Trial, TrialOutcome

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is in force, what shall be next as revision `number`, and what of that Envoy has not seen."""

    number: int
    before: MeshInput
    after: MeshInput
    fresh: Fresh
    material: Material


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`culprits` are the users' resources at fault, with Envoy's words. Unix nanoseconds."""

    trial: Trial
    began: int
    ended: int
    culprits: Mapping[ResourceKey, str] = field(default_factory=dict)


def tried(tryout: Tryout, case: Case) -> Finding:
    """Ask Envoy, and search for the guilty if it refuses. What nobody is to blame for counts as taken:
    asked again it would say the same, or nothing; the proxies will tell."""
    began = time.time_ns()
    verdict = tryout.judge(case.fresh, case.material)
    culprits: Mapping[ResourceKey, str] = {}
    match verdict:
        case Passed(tried=parts, ms=ms):
            trial = Trial(outcome=TrialOutcome.PASSED, parts=parts, ms=ms)
        case Untried(tried=parts, ms=ms, reason=reason):
            log.warning("revision %d is pushed untried: %s", case.number, reason)
            trial = Trial(outcome=TrialOutcome.UNTRIED, parts=parts, ms=ms, error=reason)
            tryout.remember(case.fresh)
        case Failed(tried=parts, ms=ms, found=found):
            words = found[0].words
            trial = Trial(outcome=TrialOutcome.REFUSED, parts=parts, ms=ms, error=words)
            culprits = _culprits(tryout, case, verdict)
            if not culprits:
                log.error("Envoy refuses what no resource is to blame for: %s", words)
                tryout.remember(case.fresh)
    return Finding(trial=trial, began=began, ended=time.time_ns(), culprits=culprits)


def _culprits(tryout: Tryout, case: Case, failed: Failed) -> Mapping[ResourceKey, str]:
    compiler = Compiler()
    before = compiler.compile(case.before)

    def refused(documents: tuple[Document, ...]) -> bool:
        mesh = compiler.compile(replace(case.after, documents=documents))
        return tryout.refuses(changes(mesh, before), case.material)

    return find_culprits(
        Suspects(before=case.before.documents, after=case.after.documents, guilty=failed.found),
        refused,
    )


def changes(mesh: Mesh, before: Mesh | None) -> Sequence[Change]:
    """The configurations that are new or others, each with the one before."""
    known = before.configs if before is not None else {}
    return [(mesh.configs[one], known.get(one)) for one in mesh.changed_since(before)]
