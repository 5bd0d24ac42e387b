"""VirtualService: how requests to a host are routed."""

from dataclasses import dataclass

from routing.contracts import ResourceKey
from routing.ir import (
    Cors,
    DirectResponse,
    Fault,
    HeaderChange,
    HeaderMatch,
    QueryMatch,
    StringMatch,
)
from routing.model.metadata import Metadata
from topology.contracts import Labels

UNCHANGED = HeaderChange()


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where traffic goes. `host` is as written; `port` None is the service's only port."""

    host: str
    subset: str = ""
    port: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightedDestination:
    """`weight` None was not written."""

    destination: Destination
    weight: int | None = None
    request_headers: HeaderChange = UNCHANGED
    response_headers: HeaderChange = UNCHANGED


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpMatch:
    """One alternative of a route; all its parts must hold.

    `method`, `scheme` and `authority` are among `headers` as pseudo headers. `gateways` is empty
    where the VirtualService's own apply, and `port` is the one the request was sent to. `percent`
    is as in routing.ir.RouteMatch, `home_path` where it is written if not in the list of matches.
    """

    name: str = ""
    uri: StringMatch | None = None
    headers: tuple[HeaderMatch, ...] = ()
    query: tuple[QueryMatch, ...] = ()
    port: int | None = None
    source_labels: Labels = ()
    source_namespace: str = ""
    gateways: tuple[str, ...] = ()
    stat_prefix: str = ""
    percent: float = 100.0
    home_path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRedirect:
    """`port` None keeps the port of the request; `derive_port` is the scheme's own.

    `prefix` replaces the part of the path that matched.
    """

    uri: str = ""
    authority: str = ""
    scheme: str = ""
    port: int | None = None
    code: int = 301
    prefix: str = ""
    pattern: str = ""
    request_port: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRewrite:
    """`pattern` is RE2: what it finds in the path becomes `uri`."""

    uri: str = ""
    authority: str = ""
    pattern: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpMirror:
    """`percent` from 0 to 100."""

    destination: Destination
    percent: float = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRetry:
    """`retry_on` as written: Envoy's words and status codes, comma separated. 0 attempts: none."""

    attempts: int
    per_try_timeout_ms: int | None = None
    retry_on: str = ""
    backoff_ms: int | None = None
    other_hosts: bool = True
    other_localities: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegate:
    """Another VirtualService, without hosts, whose routes stand in this one's place."""

    name: str
    namespace: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRoute:
    """One rule: its matches are alternatives (none matches everything).

    `home` is where it is written if that is another resource (a delegate), `home_path` its place
    there.
    """

    name: str = ""
    matches: tuple[HttpMatch, ...] = ()
    route: tuple[WeightedDestination, ...] = ()
    redirect: HttpRedirect | None = None
    direct_response: DirectResponse | None = None
    rewrite: HttpRewrite | None = None
    timeout_ms: int | None = None
    retries: HttpRetry | None = None
    request_headers: HeaderChange = UNCHANGED
    response_headers: HeaderChange = UNCHANGED
    fault: Fault | None = None
    mirrors: tuple[HttpMirror, ...] = ()
    cors: Cors | None = None
    delegate: Delegate | None = None
    home: ResourceKey | None = None
    home_path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class L4Match:
    """One alternative of a TCP or TLS rule. `sni_hosts` is empty for TCP.

    `destinations` and `sources` are blocks of addresses of which one must hold the connection's.
    """

    sni_hosts: tuple[str, ...] = ()
    destinations: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    port: int | None = None
    source_labels: Labels = ()
    source_namespace: str = ""
    gateways: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class L4Route:
    matches: tuple[L4Match, ...] = ()
    route: tuple[WeightedDestination, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualService:
    """`hosts` and `gateways` are as written; no gateways means "mesh". A delegate has no hosts.

    `own_ports_only`: ports that none of its routes is for are as without it.
    """

    metadata: Metadata
    hosts: tuple[str, ...]
    gateways: tuple[str, ...] = ("mesh",)
    own_ports_only: bool = False
    http: tuple[HttpRoute, ...] = ()
    tls: tuple[L4Route, ...] = ()
    tcp: tuple[L4Route, ...] = ()
