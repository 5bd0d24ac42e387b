"""Which DestinationRule a client follows for a host, and what it says for one port and subset."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from routing.contracts import ResourceKey
from routing.ir import ConnectionLimits
from routing.model import DestinationRule
from routing.model.destination_rule import ConnectionPool, Subset, TrafficPolicy
from routing.model.hosts import covers, full_host, specificity

UNSAID = TrafficPolicy()
NOWHERE = ""
"""A namespace that no resource is in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """DestinationRules by (namespace, host), each list oldest first; `own` are the hosts by namespace."""

    exact: dict[tuple[str, str], tuple[DestinationRule, ...]] = field(default_factory=dict)
    wildcard: dict[str, tuple[DestinationRule, ...]] = field(default_factory=dict)
    root_namespace: str = "istio-system"
    own: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def of_its_own(self, namespace: str, host: str) -> bool:
        """Whether clients of a namespace may follow other rules for a host than most do."""
        return (
            namespace == self.root_namespace
            or namespace in self.wildcard
            or host in self.own.get(namespace, ())
        )


def index_rules(every: Iterable[DestinationRule], root_namespace: str) -> Rules:
    exact: dict[tuple[str, str], tuple[DestinationRule, ...]] = {}
    wildcard: dict[str, tuple[DestinationRule, ...]] = {}
    for rule in sorted(every, key=lambda r: r.metadata.age):
        namespace = rule.metadata.key.namespace
        host = full_host(rule.host, namespace)
        if host.startswith("*"):
            wildcard[namespace] = (*wildcard.get(namespace, ()), rule)
        else:
            exact[namespace, host] = (*exact.get((namespace, host), ()), rule)
    own: dict[str, set[str]] = {}
    for namespace, host in exact:
        own.setdefault(namespace, set()).add(host)
    return Rules(
        exact=exact,
        wildcard=wildcard,
        root_namespace=root_namespace,
        own={namespace: frozenset(hosts) for namespace, hosts in own.items()},
    )


def rules_for_most(rules: Rules, host: str, namespace: str) -> tuple[DestinationRule, ...] | None:
    """The rules for clients without any of their own for a host; None if those differ."""
    places = (namespace, rules.root_namespace)
    found = [rule for where in places for rule in found_in(rules, where, host)]
    if not all(rule.metadata.for_all for rule in found):
        return None
    return rules_for(rules, NOWHERE, host, namespace)


def rules_for(
    rules: Rules,
    client_namespace: str,
    host: str,
    namespace: str,
    selected: tuple[ResourceKey, ...] = (),
) -> tuple[DestinationRule, ...]:
    """The rules that apply, to be merged in order: the client's namespace decides before the
    service's, that before the root namespace; an exact host before a wildcard; in the client's
    own namespace a rule that selects the client before one for all.

    For clients in the root namespace only its private rules come first (as in Istio): the others
    there are meant for everybody.
    """
    root = rules.root_namespace
    if client_namespace == root:
        private = [r for r in found_in(rules, root, host) if r.metadata.export_to == (root,)]
        if private:
            return applying(private, client_namespace, root, selected)
    places = (namespace, root) if client_namespace == root else (client_namespace, namespace, root)
    for where in places:
        found = applying(found_in(rules, where, host), client_namespace, where, selected)
        if found:
            return found
    return ()


def found_in(rules: Rules, where: str, host: str) -> tuple[DestinationRule, ...]:
    found = rules.exact.get((where, host), ())
    if not found and where in rules.wildcard:
        found = nearest(rules.wildcard[where], host)
    return found


def applying(
    found: Iterable[DestinationRule],
    client_namespace: str,
    where: str,
    selected: tuple[ResourceKey, ...],
) -> tuple[DestinationRule, ...]:
    visible = [r for r in found if r.metadata.visible_to(client_namespace)]
    own = where == client_namespace
    narrow = tuple(r for r in visible if own and r.selector and r.metadata.key in selected)
    return narrow or tuple(r for r in visible if not r.selector)


def nearest(candidates: tuple[DestinationRule, ...], host: str) -> tuple[DestinationRule, ...]:
    """The rules with the most specific wildcard that covers a host."""
    covering = [r for r in candidates if covers(r.host, host)]
    if not covering:
        return ()
    best = min((r.host for r in covering), key=specificity)
    return tuple(r for r in covering if r.host == best)


def subsets(rules: tuple[DestinationRule, ...]) -> dict[str, tuple[DestinationRule, Subset]]:
    """All subsets; the first definition of a name stays."""
    found: dict[str, tuple[DestinationRule, Subset]] = {}
    for rule in rules:
        for subset in rule.subsets:
            found.setdefault(subset.name, (rule, subset))
    return found


def policy_for(
    rules: tuple[DestinationRule, ...], subset: Subset | None, port: int
) -> TrafficPolicy:
    """What holds at one port: of merged rules the first policy that is written; a subset's parts over
    the host's; port-level settings over both, which inherit nothing (as in Istio)."""
    written = (r.policy for r in rules if r.policy != UNSAID)
    base = at_port(next(written, UNSAID), port)
    if subset is None:
        return base
    own = subset.policy
    merged = TrafficPolicy(
        balancing=own.balancing or base.balancing,
        connection_pool=own.connection_pool or base.connection_pool,
        outlier=own.outlier or base.outlier,
        tls=own.tls or base.tls,
        tunnel=own.tunnel or base.tunnel,
        proxy_protocol=own.proxy_protocol or base.proxy_protocol,
        retry_budget=own.retry_budget or base.retry_budget,
        ports=own.ports,
    )
    return at_port(merged, port)


def at_port(policy: TrafficPolicy, port: int) -> TrafficPolicy:
    """Port-level settings know four parts; of the others they say nothing."""
    own = dict(policy.ports).get(port)
    if own is None:
        return replace(policy, ports=())
    return replace(
        own,
        tunnel=policy.tunnel,
        proxy_protocol=policy.proxy_protocol,
        retry_budget=policy.retry_budget,
    )


def limits(pool: ConnectionPool | None) -> ConnectionLimits:
    if pool is None:
        return ConnectionLimits()
    return ConnectionLimits(
        max_connections=pool.max_connections,
        max_pending_requests=pool.max_pending_requests,
        max_requests=pool.max_requests,
        max_retries=pool.max_retries,
        max_requests_per_connection=pool.max_requests_per_connection,
        connect_timeout_ms=pool.connect_timeout_ms or ConnectionLimits().connect_timeout_ms,
        tcp_idle_timeout_ms=pool.tcp_idle_timeout_ms,
        http_idle_timeout_ms=pool.http_idle_timeout_ms,
        keepalive=pool.keepalive,
        max_connection_duration_ms=pool.max_connection_duration_ms,
        max_concurrent_streams=pool.max_concurrent_streams,
        upgrade_to_http2=pool.upgrade_to_http2,
        use_client_protocol=pool.use_client_protocol,
    )
