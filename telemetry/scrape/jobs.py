"""What a scrape configuration comes to: frozen values, one job per `scrape_configs` entry."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from telemetry.scrape.relabel import Rule

DEFAULT_INTERVAL = 60.0
DEFAULT_TIMEOUT = 10.0
PATH = "/metrics"
MAX_BODY = 64 << 20
"""Unpacked; a job may ask for less."""
MAX_TARGETS = 5000
"""Of one job, whatever its configuration says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Addresses that share labels: an entry of `static_configs` or of a file.

    `trusted`: the registry or Meshweb's own settings name them, so no other setting need allow them.
    """

    targets: tuple[str, ...]
    labels: Mapping[str, str] = field(default_factory=dict)
    trusted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """0 is none. `body` in bytes, unpacked."""

    samples: int = 0
    targets: int = 0
    labels: int = 0
    label_name: int = 0
    label_value: int = 0
    body: int = MAX_BODY


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """`scheme` "" sends none. A file is read at each scrape, so that it may change."""

    scheme: str = ""
    username: str = ""
    username_file: str = ""
    secret: str = field(default="", repr=False)
    secret_file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    server_name: str = ""
    insecure_skip_verify: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """`interval` and `timeout` in seconds; `pods` are the namespaces whose pods are its targets
    (empty: all), None where it has none."""

    name: str
    interval: float = DEFAULT_INTERVAL
    timeout: float = DEFAULT_TIMEOUT
    path: str = PATH
    scheme: str = "http"
    params: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    honor_labels: bool = False
    honor_timestamps: bool = True
    track_timestamps_staleness: bool = False
    follow_redirects: bool = True
    compression: bool = True
    fallback: str = ""
    relabel: tuple[Rule, ...] = ()
    metric_relabel: tuple[Rule, ...] = ()
    limits: Limits = Limits()
    credentials: Credentials = Credentials()
    headers: Mapping[str, str] = field(default_factory=dict)
    tls: Tls = Tls()
    groups: tuple[Group, ...] = ()
    files: tuple[str, ...] = ()
    pods: tuple[str, ...] | None = None
    keep_dropped: int = 0
