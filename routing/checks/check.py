"""All rules, in order, over everything that would be in force."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from rest.contracts import Finding, Severity
from routing.checks.crds import refusals
from routing.checks.rules.destination_rules import destination_rules_apply
from routing.checks.rules.destinations import destinations_exist
from routing.checks.rules.expressions import expressions_are_re2
from routing.checks.rules.fallbacks import fallbacks_answer
from routing.checks.rules.gateway_ports import gateway_ports_do_not_conflict
from routing.checks.rules.gateway_references import gateways_exist
from routing.checks.rules.gateway_secrets import certificates_exist
from routing.checks.rules.gateway_selectors import gateways_have_workloads
from routing.checks.rules.hosts import hosts_are_routed_once
from routing.checks.rules.peer_authentications import peer_authentications_are_single
from routing.checks.rules.service_entries import service_entries_resolve
from routing.checks.rules.suspensions import suspensions_apply
from routing.checks.rules.timing import timing_is_positive
from routing.checks.rules.unreachable import routes_are_reachable
from routing.checks.rules.weights import weights_add_up
from routing.checks.world import World, make_world
from routing.contracts import Document, ResourceKey
from routing.model.catalogue import CATALOGUE, finding
from topology.contracts import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckInput:
    """Everything that would be in force after a change.

    `documents` are all of them, platform kinds too; `registry` is what would run then (a Service
    that only the documents have counts as there). `secrets` are the (namespace, name) of stored gateway
    certificates that are not among the documents.
    """

    documents: tuple[Document, ...]
    registry: Registry = field(default_factory=Registry)
    secrets: frozenset[tuple[str, str]] = frozenset()
    root_namespace: str = "istio-system"


Rule = Callable[[World], Iterator[Finding]]

RULES: tuple[Rule, ...] = (
    weights_add_up,
    destinations_exist,
    gateways_exist,
    gateway_ports_do_not_conflict,
    gateways_have_workloads,
    certificates_exist,
    hosts_are_routed_once,
    expressions_are_re2,
    timing_is_positive,
    routes_are_reachable,
    destination_rules_apply,
    service_entries_resolve,
    peer_authentications_are_single,
    fallbacks_answer,
    suspensions_apply,
)
"""No rule depends on another; the order is that of the findings."""


def check(given: CheckInput) -> tuple[Finding, ...]:
    """Every finding about every document, those of reading it first, in a stable order."""
    world = make_world(given.documents, given.registry, given.secrets, given.root_namespace)
    reading = [f for _, one in world.readings for f in one.findings]
    meaning = [f for rule in RULES for f in rule(world)]
    errors = (f for f in (*reading, *meaning) if f.severity is Severity.ERROR)
    said = frozenset((f.resource, f.path) for f in errors)
    others = (f for f in refused(given.documents, world) if (f.resource, f.path) not in said)
    return (*reading, *meaning, *others)


def refused(documents: Iterable[Document], world: World) -> Iterator[Finding]:
    """What Istio's API server would not take of documents that we can read."""
    unread = {
        key
        for key, one in world.readings
        if any(f.severity is Severity.ERROR for f in one.findings)
    }
    for document in documents:
        group = document.api_version.rpartition("/")[0]
        if document.key in unread:
            continue
        body = {"spec": document.spec} if document.spec else {}
        for path, sentence in refusals(group, document.key.kind, body):
            yield finding("IST0106", document.key, path, sentence)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Errors that forbid a change: its `own`, and those that it newly causes in `others`.

    `noted` is all else that it newly causes in others.
    """

    own: tuple[Finding, ...] = ()
    others: tuple[Finding, ...] = ()
    noted: tuple[Finding, ...] = ()


def verdict(
    after: Iterable[Finding], before: Iterable[Finding], touched: frozenset[ResourceKey]
) -> Verdict:
    """What findings mean for a change. Faults that others had before do not stand in its way."""
    names = {str(key) for key in touched}
    known = {_said(f) for f in before}
    found = tuple(after)
    new = [f for f in found if f.resource not in names and _said(f) not in known]
    return Verdict(
        own=tuple(f for f in found if f.resource in names and forbids(f)),
        others=tuple(f for f in new if forbids(f)),
        noted=tuple(f for f in new if not forbids(f)),
    )


def forbids(one: Finding) -> bool:
    """Whether a change is refused for it; manifests have codes of their own, which all do."""
    entry = CATALOGUE.get(one.code)
    return one.severity is Severity.ERROR and (entry is None or entry.blocks)


def _said(one: Finding) -> tuple[str, str, str, str]:
    return one.code, one.resource, one.path, one.message
