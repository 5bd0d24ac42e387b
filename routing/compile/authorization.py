"""What a workload's policies let through."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from routing.ir import (
    Authorization,
    AuthRule,
    AuthRules,
    AuthTerms,
    Cluster,
    ClusterKind,
    Endpoint,
    JwtProvider,
    OriginateTls,
)
from routing.model import AuthorizationPolicy, Gateway, RequestAuthentication
from routing.model.authorization_policy import Action
from topology.contracts import AppProtocol, Labels


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """What stands before a workload: rules for requests and for connections, tokens, and the
    clusters from which keys are fetched."""

    http: Authorization | None = None
    tcp: Authorization | None = None
    jwt: tuple[JwtProvider, ...] = ()
    clusters: tuple[Cluster, ...] = ()


OPEN = Guard()


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """What of a mesh decides whom a policy is for."""

    root_namespace: str
    gateways: tuple[Gateway, ...]


Fit = Callable[[AuthRule, Action], Iterator[AuthRule]]
"""How a rule is seen by a protocol: itself, another one, or none."""


def guard(
    policies: tuple[AuthorizationPolicy, ...],
    tokens: tuple[RequestAuthentication, ...],
    namespace: str,
    labels: Labels,
    place: Place,
) -> Guard:
    own = [p for p in policies if applies(p, namespace, labels, place)]
    believed = [t for t in tokens if applies(t, namespace, labels, place)]
    providers = [provider for t in believed for provider in t.providers]
    return Guard(
        http=authorization(own, whole),
        tcp=authorization(own, for_connections),
        jwt=tuple(replace(p, jwks_cluster=key_cluster_name(p)) for p in providers),
        clusters=tuple({c.name: c for p in providers for c in key_clusters(p)}.values()),
    )


def applies(
    policy: AuthorizationPolicy | RequestAuthentication,
    namespace: str,
    labels: Labels,
    place: Place,
) -> bool:
    where = policy.metadata.key.namespace
    if policy.targets is not None:
        return targeted(where, policy.targets, namespace, labels, place.gateways)
    return where in (namespace, place.root_namespace) and set(policy.selector) <= set(labels)


def targeted(
    where: str,
    targets: tuple[str, ...],
    namespace: str,
    labels: Labels,
    gateways: tuple[Gateway, ...],
) -> bool:
    """Whether a workload serves one of these Gateways of the Gateway API, which are in `where`."""
    return any(
        g.listener
        and g.metadata.key.namespace == where
        and g.metadata.key.name in targets
        and g.namespace in ("", namespace)
        and set(g.selector) <= set(labels)
        for g in gateways
    )


def authorization(policies: list[AuthorizationPolicy], fit: Fit) -> Authorization | None:
    found = Authorization(
        rules=rules_of((p for p in policies if not p.dry_run), fit),
        dry=rules_of((p for p in policies if p.dry_run), fit),
    )
    return None if found == Authorization() else found


def rules_of(policies: Iterable[AuthorizationPolicy], fit: Fit) -> AuthRules:
    rules: dict[Action, list[AuthRule]] = {}
    for policy in policies:
        # what nobody can be asked about is denied (as in Istio)
        action = Action.DENY if policy.action is Action.CUSTOM else policy.action
        kept = rules.setdefault(action, [])
        kept.extend(r for given in policy.rules for r in fit(given, action))
    allow = rules.get(Action.ALLOW)
    return AuthRules(
        deny=tuple(rules.get(Action.DENY, ())),
        allow=None if allow is None else tuple(allow),
        audit=tuple(rules.get(Action.AUDIT, ())),
    )


def whole(rule: AuthRule, action: Action) -> Iterator[AuthRule]:  # noqa: ARG001  as for_connections
    yield rule


def for_connections(rule: AuthRule, action: Action) -> Iterator[AuthRule]:
    """A connection has nothing of a request: a rule that asks for such allows nothing, and denies
    by what is left of it (as in Istio)."""
    every = (*rule.sources, *rule.operations, rule.conditions)
    if not any(term.key.is_http for terms in every for term in terms):
        yield rule
    elif action is not Action.ALLOW:
        yield replace(
            rule,
            sources=without_http(rule.sources),
            operations=without_http(rule.operations),
            conditions=tuple(t for t in rule.conditions if not t.key.is_http),
        )


def without_http(given: tuple[AuthTerms, ...]) -> tuple[AuthTerms, ...]:
    return tuple(tuple(t for t in terms if not t.key.is_http) for terms in given)


def key_cluster_name(provider: JwtProvider) -> str:
    if not provider.jwks_uri:
        return ""
    _, host, port = address(provider.jwks_uri)
    return f"jwks|{port}||{host}"


def key_clusters(provider: JwtProvider) -> Iterator[Cluster]:
    """Keys are fetched by the proxies themselves."""
    if provider.jwks_uri:
        scheme, host, port = address(provider.jwks_uri)
        tls = OriginateTls(sni=host, sans=(host,), system_roots=True) if scheme == "https" else None
        yield Cluster(
            name=key_cluster_name(provider),
            kind=ClusterKind.DNS,
            protocol=AppProtocol.HTTP,
            endpoints=(Endpoint(address=host, port=port),),
            tls=tls,
            origin=provider.origin,
        )


def address(uri: str) -> tuple[str, str, int]:
    """Scheme, host and port of an http or https address."""
    scheme, _, rest = uri.partition("://")
    host, _, port = rest.partition("/")[0].rpartition("@")[2].partition(":")
    return scheme, host, int(port) if port else (443 if scheme == "https" else 80)
