"""What a job discovered becomes targets: labels, address, and which are dropped. Pure."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlencode

from telemetry.scrape.configuration import seconds_of, written
from telemetry.scrape.jobs import MAX_TARGETS, Group, Job
from telemetry.scrape.relabel import Labels, relabelled

KEPT_DROPPED = 500
"""Of one job, with what was discovered of them; the others are counted."""
_PARAM = "__param_"


@dataclass(frozen=True, kw_only=True)
class Target:
    """`discovered` are the labels before relabelling, `labels` those of its series.

    `trusted`: its host was named by the registry or by us, so no setting needs to allow it.
    """

    job: Job
    discovered: Mapping[str, str]
    labels: Mapping[str, str]
    host: str
    path: str
    scheme: str
    params: tuple[tuple[str, tuple[str, ...]], ...]
    interval: float
    timeout: float
    trusted: bool = False

    @cached_property
    def url(self) -> str:
        query = urlencode([(key, one) for key, values in self.params for one in values])
        path = self.path if self.path.startswith("/") else f"/{self.path}"
        base = f"{self.scheme}://{self.host}{path}"
        return f"{base}{'&' if '?' in path else '?'}{query}" if query else base

    @cached_property
    def id(self) -> str:
        """The same for the same job, labels and address, in every process."""
        words = (self.job.name, self.url, *(f"{k}={v}" for k, v in sorted(self.labels.items())))
        return hashlib.blake2b("\0".join(words).encode(), digest_size=12).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A job's targets; `error` says why it has none (a limit), `wrong` what single ones lack."""

    targets: tuple[Target, ...] = ()
    dropped: tuple[Mapping[str, str], ...] = ()
    dropped_count: int = 0
    error: str = ""
    wrong: tuple[str, ...] = ()


def targets_of(job: Job, groups: Iterable[Group]) -> Found:
    """In the order of discovery; the same one is there once."""
    targets: dict[str, Target] = {}
    dropped: list[Mapping[str, str]] = []
    wrong: list[str] = []
    count = 0
    kept = job.keep_dropped or KEPT_DROPPED
    for group, discovered in _discovered(job, groups):
        found = _target(job, discovered, trusted=group.trusted)
        if found is None:
            count += 1
            if len(dropped) < kept:
                dropped.append(discovered)
        elif isinstance(found, str):
            wrong.append(found)
        else:
            targets.setdefault(found.id, found)
        if len(targets) > MAX_TARGETS:
            return Found(error=f"more than {MAX_TARGETS} targets", wrong=tuple(wrong[:5]))
    if job.limits.targets and len(targets) > job.limits.targets:
        return Found(
            error=f"target_limit exceeded (number of targets: {len(targets)}, limit: {job.limits.targets})"
        )
    return Found(
        targets=tuple(targets.values()),
        dropped=tuple(dropped),
        dropped_count=count,
        wrong=tuple(wrong[:5]),
    )


def _discovered(job: Job, groups: Iterable[Group]) -> Iterator[tuple[Group, Labels]]:
    defaults = {
        "job": job.name,
        "__scrape_interval__": written(job.interval),
        "__scrape_timeout__": written(job.timeout),
        "__metrics_path__": job.path,
        "__scheme__": job.scheme,
    }
    params = {f"{_PARAM}{key}": values[0] for key, values in job.params.items() if values}
    for group in groups:
        for address in group.targets:
            given = {key: text for key, text in group.labels.items() if text}
            given["__address__"] = address
            missing = {key: text for key, text in defaults.items() if not given.get(key)}
            yield group, {**given, **missing, **params}


def _target(job: Job, discovered: Labels, *, trusted: bool) -> Target | str | None:
    """None: dropped by a rule. Text: what is wrong with it."""
    labels = relabelled(discovered, job.relabel)
    if labels is None:
        return None
    host = labels.get("__address__", "")
    if not host or any(letter in host for letter in "/?#@ \\"):
        return f"{host!r} is not a valid address" if host else "no address"
    scheme = labels.get("__scheme__", "")
    if scheme not in ("http", "https"):
        return f"{host}: scheme {scheme!r} is neither http nor https"
    interval = seconds_of(labels.get("__scrape_interval__", ""))
    timeout = seconds_of(labels.get("__scrape_timeout__", ""))
    if not interval or not timeout or interval < 1:
        return f"{host}: interval and timeout must be durations, one second or more"
    if timeout > interval:
        return f"{host}: scrape timeout cannot be greater than scrape interval ({written(timeout)} > {written(interval)})"
    labels.setdefault("instance", host)
    params = dict(job.params)
    for name, value in labels.items():
        if name.startswith(_PARAM):
            key = name.removeprefix(_PARAM)
            params[key] = (value, *params.get(key, ())[1:])
    return Target(
        job=job,
        discovered=discovered,
        labels={name: text for name, text in sorted(labels.items()) if text and name[:2] != "__"},
        host=host,
        path=labels.get("__metrics_path__", ""),
        scheme=scheme,
        params=tuple(sorted(params.items())),
        interval=interval,
        timeout=timeout,
        trusted=trusted and _host(host) == _host(discovered["__address__"]),
    )


def _host(address: str) -> str:
    """Without its port."""
    host, colon, port = address.rpartition(":")
    return host if colon and port.isdecimal() else address
