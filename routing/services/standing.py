"""What is in force of breakers and suspensions, for those who watch the traffic."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

from routing import expiry
from routing.compile.rules import Rules, index_rules, limits, policy_for, rules_for, subsets
from routing.contracts import Document
from routing.ir import ConnectionLimits, OutlierDetection
from routing.model import DestinationRule
from routing.parse import read
from routing.selectors import documents_published, newest_published

ROOT_NAMESPACE = "istio-system"


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerPolicy:
    """`source` names the DestinationRule ("" where there is none)."""

    outlier: OutlierDetection | None = None
    limits: ConnectionLimits = field(default_factory=ConnectionLimits)
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspended:
    """`what` is "workload" or "service"; `expires_at` Unix seconds."""

    what: str
    namespace: str
    name: str
    reason: str
    expires_at: float | None
    source: str


Policies = Callable[[str, str, str, str, int], BreakerPolicy]
"""By client's namespace, host, the host's namespace, subset and port."""


def breaker_policies() -> Policies:
    """As they are at the latest pushed revision."""
    number, _ = newest_published()
    rules = _rules(number)

    def policy(client: str, host: str, namespace: str, subset: str, port: int) -> BreakerPolicy:
        found = rules_for(rules, client, host, namespace)
        if not found:
            return BreakerPolicy()
        rule, chosen = subsets(found).get(subset, (found[0], None))
        said = policy_for(found, chosen, port)
        return BreakerPolicy(
            outlier=said.outlier,
            limits=limits(said.connection_pool),
            source=str(rule.metadata.key),
        )

    return policy


@lru_cache(maxsize=2)
def _rules(number: int) -> Rules:
    given = (one for one in documents_published(number) if one.key.kind == "DestinationRule")
    models = (read(document).resource for document in given)
    return index_rules((m for m in models if isinstance(m, DestinationRule)), ROOT_NAMESPACE)


def suspended() -> tuple[Suspended, ...]:
    """At the latest pushed revision, sorted by their resources."""
    number, _ = newest_published()
    return tuple(
        _suspended(one) for one in documents_published(number) if one.key.kind == "Suspend"
    )


def _suspended(document: Document) -> Suspended:
    what = "workload" if document.spec.get("workload") else "service"
    return Suspended(
        what=what,
        namespace=document.key.namespace,
        name=str(document.spec.get(what) or ""),
        reason=str(document.spec.get("reason") or ""),
        expires_at=expiry.expires_at(document),
        source=str(document.key),
    )
