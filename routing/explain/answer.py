"""What is answered: hop after hop, what was considered, what was chosen, and what comes of it."""

from dataclasses import dataclass
from enum import StrEnum


class Ending(StrEnum):
    """How a request can end: in the application, outside the mesh, with a proxy's own answer, or
    with a connection that is closed without one."""

    APPLICATION = "application"
    OUTSIDE = "outside"
    ANSWERED = "answered"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One possible end and its share of equal requests (percent).

    `status` is what the caller gets when a proxy answers; `flags` and `details` are Envoy's
    response flags and response code details. `by` is the workload that answers.
    """

    share: float
    ending: Ending
    by: str
    message: str
    status: int | None = None
    grpc_status: int | None = None
    flags: str = ""
    details: str = ""
    location: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Considered:
    """Something that was looked at. `reason` says what failed first, or what held.

    `resource` reads "Kind namespace/name"; `path` is a YAML path in it.
    """

    name: str
    holds: bool
    reason: str
    resource: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """The listener that takes the connection, and which of its chains; `refused` says why none."""

    address: str
    port: int
    chain: str = ""
    reason: str = ""
    refused: str = ""
    resource: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PickedHost:
    """The virtual host; `domain` is what matched, `how` in which of Envoy's four ways."""

    name: str
    domain: str
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What the proxy says of the request's tokens: valid, missing, expired, ... (`verdict`)."""

    verdict: str
    passes: bool
    message: str
    principal: str = ""
    providers: tuple[Considered, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """One pass over the rules of one action. A dry run only counts."""

    action: str
    dry_run: bool
    passes: bool
    message: str
    rule: str = ""
    resource: str = ""
    path: str = ""
    rules: tuple[Considered, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirrored:
    cluster: str
    percent: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderOperation:
    """`action` is set, add or remove; `on` request or response; `of` the route or a cluster."""

    on: str
    action: str
    name: str
    value: str = ""
    of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """What the chosen route does to a request beside sending it on."""

    rewritten_path: str = ""
    rewritten_host: str = ""
    headers: tuple[HeaderOperation, ...] = ()
    redirect: str = ""
    direct_status: int | None = None
    delay_ms: int | None = None
    delay_percent: float | None = None
    abort_status: int | None = None
    abort_grpc_status: int | None = None
    abort_percent: float | None = None
    mirrors: tuple[Mirrored, ...] = ()
    timeout_ms: int | None = None
    attempts: int | None = None
    retry_on: str = ""
    per_try_timeout_ms: int | None = None
    cors: str = ""
    hashing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The request as it leaves the proxy: what it was given and what was changed.

    Envoy adds headers of its own (x-request-id, x-forwarded-proto, x-envoy-*), and in
    x-forwarded-for it writes its host's address instead of a loopback one.
    """

    method: str
    authority: str
    path: str
    headers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An endpoint that may be chosen."""

    address: str
    port: int
    mtls: bool
    namespace: str = ""
    workload: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Onward:
    """Endpoints of one workload that take the request alike, and what they do with it.

    `hop` is None where no proxy of the mesh stands there.
    """

    share: float
    tls: str
    endpoints: tuple[Candidate, ...]
    hop: "Hop | None" = None
    trouble: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instead:
    """What answers in place of a cluster that cannot (Fallback, Suspend): `status`, or `target`.

    `on` says when: unavailable, timeout, 5xx.
    """

    on: tuple[str, ...]
    status: int | None = None
    target: str = ""
    resource: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """A cluster that may be chosen, with its share (percent) and whom it leads to.

    `member` is the one that is asked, where the cluster is made of several.
    """

    cluster: str
    share: float
    kind: str
    member: str = ""
    instead: Instead | None = None
    service: str = ""
    subset: str = ""
    resource: str = ""
    path: str = ""
    onward: tuple[Onward, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What happens to a share (percent) of the requests at a hop: mostly there is one turn.

    `ends` are what the proxy answers itself, shares of the hop's requests too; the rest goes to
    `destinations`, whose shares are of the hop's requests as well.
    """

    share: float = 100.0
    route: Considered | None = None
    effects: Effects | None = None
    sent: Sent | None = None
    ends: tuple[Outcome, ...] = ()
    destinations: tuple[Destination, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """What one proxy does. `side` is outbound, inbound, gateway, or none (no proxy stands there).

    `http`: it reads requests; otherwise it passes bytes on.
    """

    side: str
    namespace: str
    workload: str
    pod: str = ""
    proxy: str = ""
    http: bool = False
    listener: Listening | None = None
    tokens: Tokens | None = None
    guards: tuple[Guarded, ...] = ()
    route_table: str = ""
    virtual_host: PickedHost | None = None
    routes: tuple[Considered, ...] = ()
    turns: tuple[Turn, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The way of a request, and its possible ends (shares sum to 100)."""

    first: Hop
    outcomes: tuple[Outcome, ...]
    notes: tuple[str, ...] = ()
