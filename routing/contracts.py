"""Resources, revisions and their states, as other apps may hold them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from rest.contracts import Finding


@dataclass(frozen=True, slots=True, order=True)
class ResourceKey:
    """Names one resource. `str()` reads "Kind namespace/name", as findings write it."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"

    @staticmethod
    def parse(text: str) -> "ResourceKey":
        kind, _, rest = text.partition(" ")
        namespace, _, name = rest.partition("/")
        return ResourceKey(kind, namespace, name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One YAML document as the user wrote it, its metadata split off.

    `created_at` is Unix seconds: of two resources that claim the same thing the older wins
    (Istio's precedence).
    """

    key: ResourceKey
    api_version: str
    spec: Mapping[str, Any]
    labels: tuple[tuple[str, str], ...] = ()
    annotations: tuple[tuple[str, str], ...] = ()
    created_at: float = 0.0


class RevisionState(StrEnum):
    """The life of a revision. The last four are final.

    TRIED: Envoy takes what it brings. A change of weights or endpoints is pushed without a trial.
    """

    ACCEPTED = "accepted"
    TRIED = "tried"
    PUSHED = "pushed"
    CONVERGED = "converged"
    PARTIAL = "partial"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"


class TrialOutcome(StrEnum):
    """UNTRIED: Envoy could not be asked; the revision was pushed all the same."""

    PASSED = "passed"
    REFUSED = "refused"
    UNTRIED = "untried"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What Envoy said of a revision before any proxy was told.

    `parts` is how many different parts it was asked about, `error` its words where it refused
    some, or why it could not be asked.
    """

    outcome: TrialOutcome
    parts: int
    ms: float
    error: str = ""


class ProxyState(StrEnum):
    """Where one proxy is with one revision."""

    PENDING = "pending"
    SYNCED = "synced"
    REJECTED = "rejected"
    DISCONNECTED = "disconnected"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyProgress:
    """`ms` runs from the moment the revision was accepted to this proxy's last ACK.

    `control` is the process that the proxy is, or was then, connected to.
    """

    proxy_id: str
    state: ProxyState
    ms: float | None = None
    error: str = ""
    control: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Convergence:
    """What one control process knows of one revision; the reducer merges and writes it.

    `proxies` are its own; `absent` those that it finds connected to nobody. `others` are the
    control processes that live beside it.
    """

    revision: int
    state: RevisionState
    proxies: tuple[ProxyProgress, ...] = ()
    absent: tuple[ProxyProgress, ...] = ()
    control: str = ""
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedSecret:
    """A Secret for TLS in force (PEM): a certificate with its key, authorities, or both.

    `digest` is "sha256:<hex>" of both parts of a certificate.
    """

    namespace: str
    name: str
    digest: str
    certificate: bytes = field(repr=False)
    private_key: bytes = field(repr=False)
    authorities: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedSecret:
    """A Secret for TLS in force without its key (PEM, "" for what it has not).

    `gateways` are the resources that name it, sorted.
    """

    namespace: str
    name: str
    certificate: str
    authorities: str
    gateways: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedConfig:
    """What is in force at the latest pushed revision; `number` 0 is before the first.

    `documents` are sorted by key and hold no private key; `accepted_at` is Unix seconds. `trace` is
    where the revision's trace goes on (W3C `traceparent`), "" if it has none; `carried` are those
    of older revisions that are under way and come with it.
    """

    number: int
    accepted_at: float
    documents: tuple[Document, ...] = ()
    secrets: tuple[PublishedSecret, ...] = ()
    trace: str = ""
    carried: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeView:
    """One resource as YAML before and after a revision; None where there was, or is, none."""

    resource: ResourceKey
    action: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionView:
    """A revision as people see it. `created_at` is Unix seconds, `ms` the slowest proxy's ACK.

    `trial` None: it brought nothing to try, or is not that far. `trace_id` "": it has no trace.
    """

    number: int
    state: RevisionState
    author: str
    message: str
    created_at: float
    ms: float | None
    converged: int
    total: int
    changes: tuple[ChangeView, ...]
    proxies: tuple[ProxyProgress, ...]
    findings: tuple[Finding, ...]
    system: bool
    reverts: int | None
    trial: Trial | None = None
    trace_id: str = ""

    def quantile_ms(self, share: float) -> float | None:
        """The time within which this share of the proxies that have it had it (nearest rank)."""
        times = sorted(one.ms for one in self.proxies if one.ms is not None)
        if not times:
            return None
        return times[max(0, math.ceil(share * len(times)) - 1)]
