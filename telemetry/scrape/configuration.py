"""Prometheus's scrape configuration, read: jobs, and what is wrong with the others.

A bad job is left out and its neighbours stay. What Prometheus knows and we do not is told as a
warning, what nobody knows as an error. Pure: files are read by others.
https://prometheus.io/docs/prometheus/latest/configuration/configuration/#scrape_config
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

import yaml

from rest.bounded_yaml import Unreadable, document_of
from telemetry.contracts import ScrapeProblem
from telemetry.scrape import relabel
from telemetry.scrape.jobs import (
    DEFAULT_INTERVAL,
    DEFAULT_TIMEOUT,
    MAX_BODY,
    Credentials,
    Group,
    Job,
    Limits,
    Tls,
)
from telemetry.scrape.relabel import Action, Rule

MAX_BYTES = 1 << 20
MAX_JOBS = 500
MAX_RULES = 200
LEAST_INTERVAL = 1.0
CATALOGUE: Mapping[str, tuple[str, str, str]] = {
    "MSH2101": ("error", "not YAML: {}", "correct the text at this place"),
    "MSH2102": ("error", "{} must be {}", ""),
    "MSH2103": ("error", "unknown field {}", "see Prometheus's documentation of scrape_config"),
    "MSH2104": ("error", "{} is required", ""),
    "MSH2105": ("error", "the job {!r} is there twice", "name each job once"),
    "MSH2106": ("error", "{!r} is not a duration", "write it like 15s, 5m or 1h"),
    "MSH2107": ("error", "{!r} is not a regular expression of RE2: {}", ""),
    "MSH2108": ("warning", "{} is accepted, not enforced", ""),
    "MSH2109": ("error", "{}", ""),
    "MSH2110": ("error", "more than {}", "split the file, or name fewer"),
}
_FILE = frozenset({"global", "scrape_configs"})
_FILE_ELSEWHERE = frozenset(
    {"rule_files", "alerting", "remote_write", "remote_read", "storage", "tracing", "otlp", "runtime", "scrape_config_files"}
)  # fmt: skip
_GLOBAL = frozenset(
    {"scrape_interval", "scrape_timeout", "body_size_limit", "sample_limit", "target_limit",
     "label_limit", "label_name_length_limit", "label_value_length_limit", "keep_dropped_targets"}
)  # fmt: skip
_GLOBAL_ELSEWHERE = frozenset(
    {"evaluation_interval", "rule_query_offset", "external_labels", "query_log_file", "scrape_failure_log_file",
     "scrape_protocols", "metric_name_validation_scheme", "metric_name_escaping_scheme", "scrape_native_histograms",
     "convert_classic_histograms_to_nhcb", "always_scrape_classic_histograms", "extra_scrape_metrics"}
)  # fmt: skip
_JOB = frozenset(
    {"job_name", "scrape_interval", "scrape_timeout", "metrics_path", "scheme", "params", "honor_labels",
     "honor_timestamps", "track_timestamps_staleness", "follow_redirects", "enable_compression",
     "fallback_scrape_protocol", "relabel_configs", "metric_relabel_configs", "basic_auth", "authorization",
     "bearer_token", "bearer_token_file", "tls_config", "http_headers", "static_configs", "file_sd_configs",
     "kubernetes_sd_configs", *_GLOBAL}
)  # fmt: skip
_JOB_ELSEWHERE = frozenset(
    {"enable_http2", "scrape_protocols", "scrape_classic_histograms", "always_scrape_classic_histograms",
     "scrape_native_histograms", "convert_classic_histograms_to_nhcb", "native_histogram_bucket_limit",
     "native_histogram_min_bucket_factor", "metric_name_validation_scheme", "metric_name_escaping_scheme",
     "scrape_failure_log_file", "extra_scrape_metrics", "oauth2", "proxy_url", "no_proxy", "proxy_from_environment",
     "proxy_connect_header"}
)  # fmt: skip
"""Prometheus knows these. Other ways of discovery (`*_sd_configs`) are told likewise."""
_FALLBACKS = frozenset(
    {"PrometheusText0.0.4", "PrometheusText1.0.0", "OpenMetricsText0.0.1", "OpenMetricsText1.0.0"}
)
_DURATION = re.compile(
    r"(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?"
)
_UNITS = (31_536_000, 604_800, 86_400, 3600, 60, 1, 0.001)
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGTPE]?)(i?)B?", re.IGNORECASE)
_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_TARGET = re.compile(r"^(?:[a-zA-Z0-9_]|\$(?:\{\w+\}|\w+))+$")


@dataclass(frozen=True, slots=True)
class Configuration:
    jobs: tuple[Job, ...] = ()
    problems: tuple[ScrapeProblem, ...] = ()
    text: str = ""
    """As it may be shown: without secrets."""


@dataclass(slots=True)
class _Reader:
    problems: list[ScrapeProblem] = field(default_factory=list)

    @property
    def errors(self) -> int:
        return sum(one.severity == "error" for one in self.problems)

    def find(self, code: str, path: str, *words: object) -> None:
        severity, message, fix = CATALOGUE[code]
        self.problems.append(
            ScrapeProblem(
                code=code, severity=severity, path=path, message=message.format(*words), fix=fix
            )
        )

    def mapping(
        self,
        given: object,
        path: str,
        known: frozenset[str],
        elsewhere: frozenset[str] = frozenset(),
    ) -> dict[str, Any]:
        if given is None:
            return {}
        if not isinstance(given, dict):
            self.find("MSH2102", path, path or "the file", "a mapping")
            return {}
        for key in given:
            where = f"{path}.{key}".lstrip(".")
            if key in elsewhere or (str(key).endswith("_sd_configs") and key not in known):
                self.find("MSH2108", where, key)
            elif key not in known:
                self.find("MSH2103", where, key)
        return given

    def items(self, given: object, path: str) -> Iterator[tuple[str, Any]]:
        if given is None:
            return
        if not isinstance(given, list):
            self.find("MSH2102", path, path, "a list")
            return
        for index, one in enumerate(given):
            yield f"{path}[{index}]", one

    def text(self, given: Mapping[str, Any], key: str, path: str, default: str = "") -> str:
        value = given.get(key)
        if value is None:
            return default
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            return str(value)
        self.find("MSH2102", f"{path}.{key}", key, "text")
        return default

    def truth(self, given: Mapping[str, Any], key: str, path: str, *, default: bool) -> bool:
        value = given.get(key)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        self.find("MSH2102", f"{path}.{key}", key, "true or false")
        return default

    def count(self, given: Mapping[str, Any], key: str, path: str, default: int = 0) -> int:
        value = given.get(key)
        if value is None:
            return default
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
        self.find("MSH2102", f"{path}.{key}", key, "a number that is not negative")
        return default

    def size(self, given: Mapping[str, Any], key: str, path: str, default: int) -> int:
        """Bytes, as 10MB, 512KiB or a number; 0 is no limit but ours."""
        value = given.get(key)
        found = None if value is None else _SIZE.fullmatch(str(value))
        if found is None:
            if value is not None:
                self.find("MSH2102", f"{path}.{key}", key, "a size like 10MB")
            return default
        power = " KMGTPE".index(found[2].upper() or " ")
        return min(int(float(found[1]) * 1024**power), MAX_BODY) or MAX_BODY

    def duration(
        self, given: Mapping[str, Any], key: str, path: str, default: float | None
    ) -> float | None:
        value = given.get(key)
        if value is None:
            return default
        seconds = seconds_of(str(value))
        if seconds is None or seconds <= 0:
            self.find("MSH2106", f"{path}.{key}", str(value))
            return default
        return seconds

    def texts(self, given: object, path: str) -> dict[str, str]:
        found = {}
        for key, value in self._pairs(given, path):
            if isinstance(value, str | int | float):
                found[str(key)] = str(value).lower() if isinstance(value, bool) else str(value)
            else:
                self.find("MSH2102", f"{path}.{key}", key, "text")
        return found

    def lists(self, given: object, path: str) -> dict[str, tuple[str, ...]]:
        found = {}
        for key, value in self._pairs(given, path):
            if isinstance(value, list) and all(isinstance(one, str | int | float) for one in value):
                found[str(key)] = tuple(map(str, value))
            else:
                self.find("MSH2102", f"{path}.{key}", key, "a list of texts")
        return found

    def names(self, given: Mapping[str, Any], key: str, path: str) -> tuple[str, ...]:
        found = []
        for where, one in self.items(given.get(key), f"{path}.{key}"):
            if isinstance(one, str | int | float):
                found.append(str(one))
            else:
                self.find("MSH2102", where, where, "text")
        return tuple(found)

    def _pairs(self, given: object, path: str) -> Iterator[tuple[Any, Any]]:
        if given is None:
            return
        if not isinstance(given, dict):
            self.find("MSH2102", path, path, "a mapping")
            return
        yield from given.items()


def seconds_of(text: str) -> float | None:
    """Prometheus's durations: 1h30m, 15s, 500ms, 0."""
    found = _DURATION.fullmatch(text)
    if text == "0":
        return 0.0
    if not text or found is None:
        return None
    return sum(int(part) * unit for part, unit in zip(found.groups(), _UNITS, strict=True) if part)


def configuration(text: str, *, base: PurePath | None = None) -> Configuration:
    """Read a file's text; paths in it are relative to `base`."""
    reader = _Reader()
    document = _document(reader, text)
    if reader.errors:
        return Configuration(problems=tuple(reader.problems))
    found = reader.mapping(document, "", _FILE, _FILE_ELSEWHERE)
    shared = reader.mapping(found.get("global"), "global", _GLOBAL, _GLOBAL_ELSEWHERE)
    jobs: dict[str, Job] = {}
    for path, one in reader.items(found.get("scrape_configs"), "scrape_configs"):
        if len(jobs) >= MAX_JOBS:
            reader.find("MSH2110", path, f"{MAX_JOBS} jobs")
            break
        before = reader.errors
        job = _job(reader, one, path, shared, base)
        if job.name in jobs:
            reader.find("MSH2105", f"{path}.job_name", job.name)
        if reader.errors == before:
            jobs[job.name] = job
    return Configuration(tuple(jobs.values()), tuple(reader.problems), shown(found))


def _document(reader: _Reader, text: str) -> object:
    """None where it cannot be read."""
    if len(text) > MAX_BYTES:
        reader.find("MSH2110", "", f"{MAX_BYTES} bytes")
        return None
    document = document_of(text)
    if isinstance(document, Unreadable):
        reader.find("MSH2101", "", document.reason)
        return None
    return document


def _job(
    reader: _Reader, given: object, path: str, shared: Mapping[str, Any], base: PurePath | None
) -> Job:
    words = reader.mapping(given, path, _JOB, _JOB_ELSEWHERE)
    name = reader.text(words, "job_name", path)
    if not name:
        reader.find("MSH2104", f"{path}.job_name", "job_name")
    interval, timeout = _times(reader, words, path, shared)
    scheme = reader.text(words, "scheme", path, "http")
    if scheme not in ("http", "https"):
        reader.find("MSH2102", f"{path}.scheme", "scheme", "http or https")
    fallback = reader.text(words, "fallback_scrape_protocol", path)
    if fallback and fallback not in _FALLBACKS:
        reader.find("MSH2102", f"{path}.fallback_scrape_protocol", "fallback_scrape_protocol", f"one of {', '.join(sorted(_FALLBACKS))}")  # fmt: skip
    return Job(
        name=name,
        interval=interval,
        timeout=timeout,
        path=reader.text(words, "metrics_path", path, "/metrics"),
        scheme=scheme,
        params=reader.lists(words.get("params"), f"{path}.params"),
        honor_labels=reader.truth(words, "honor_labels", path, default=False),
        honor_timestamps=reader.truth(words, "honor_timestamps", path, default=True),
        track_timestamps_staleness=reader.truth(
            words, "track_timestamps_staleness", path, default=False
        ),
        follow_redirects=reader.truth(words, "follow_redirects", path, default=True),
        compression=reader.truth(words, "enable_compression", path, default=True),
        fallback=fallback,
        relabel=_rules(reader, words, "relabel_configs", path),
        metric_relabel=_rules(reader, words, "metric_relabel_configs", path),
        limits=_limits(reader, {**_limits_of(shared), **words}, path),
        credentials=_credentials(reader, words, path, base),
        headers=_headers(reader, words, path),
        tls=_tls(reader, words, path, base),
        groups=tuple(
            group
            for where, one in reader.items(words.get("static_configs"), f"{path}.static_configs")
            if (group := _group(reader, one, where)) is not None
        ),
        files=_files(reader, words, path, base),
        pods=_pods(reader, words, path),
        keep_dropped=reader.count({**shared, **words}, "keep_dropped_targets", path),
    )


def _times(
    reader: _Reader, words: Mapping[str, Any], path: str, shared: Mapping[str, Any]
) -> tuple[float, float]:
    usual = reader.duration(shared, "scrape_interval", "global", DEFAULT_INTERVAL)
    interval = reader.duration(words, "scrape_interval", path, usual) or DEFAULT_INTERVAL
    if interval < LEAST_INTERVAL:
        reader.find(
            "MSH2109", f"{path}.scrape_interval", "targets are scraped once a second at most"
        )
    patience = reader.duration(shared, "scrape_timeout", "global", None)
    own = reader.duration(words, "scrape_timeout", path, None)
    if own is not None and own > interval:
        reader.find(
            "MSH2109", f"{path}.scrape_timeout", "scrape timeout greater than scrape interval"
        )
    return interval, min(own or patience or DEFAULT_TIMEOUT, interval)


def _limits_of(shared: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in shared.items() if "limit" in str(key)}


def _limits(reader: _Reader, words: Mapping[str, Any], path: str) -> Limits:
    return Limits(
        samples=reader.count(words, "sample_limit", path),
        targets=reader.count(words, "target_limit", path),
        labels=reader.count(words, "label_limit", path),
        label_name=reader.count(words, "label_name_length_limit", path),
        label_value=reader.count(words, "label_value_length_limit", path),
        body=reader.size(words, "body_size_limit", path, MAX_BODY),
    )


_BASIC = frozenset({"username", "username_file", "password", "password_file"})
_BEARER = frozenset({"type", "credentials", "credentials_file"})
_TLS = frozenset({"ca_file", "cert_file", "key_file", "server_name", "insecure_skip_verify"})
_TLS_ELSEWHERE = frozenset({"ca", "cert", "key", "min_version", "max_version"})
_HEADER = frozenset({"values", "secrets", "files"})
_PODS = frozenset({"role", "namespaces"})


def _credentials(
    reader: _Reader, words: Mapping[str, Any], path: str, base: PurePath | None
) -> Credentials:
    ways = [key for key in ("basic_auth", "authorization", "bearer_token", "bearer_token_file") if words.get(key)]  # fmt: skip
    if len(ways) > 1:
        reader.find("MSH2109", path, f"at most one of {' and '.join(ways)}")
    if "basic_auth" in ways:
        basic = reader.mapping(words["basic_auth"], f"{path}.basic_auth", _BASIC)
        where = f"{path}.basic_auth"
        return Credentials(
            scheme="Basic",
            username=reader.text(basic, "username", where),
            username_file=_path(reader.text(basic, "username_file", where), base),
            secret=reader.text(basic, "password", where),
            secret_file=_path(reader.text(basic, "password_file", where), base),
        )
    if "authorization" in ways:
        where = f"{path}.authorization"
        given = reader.mapping(words["authorization"], where, _BEARER)
        return Credentials(
            scheme=reader.text(given, "type", where, "Bearer"),
            secret=reader.text(given, "credentials", where),
            secret_file=_path(reader.text(given, "credentials_file", where), base),
        )
    if ways:
        return Credentials(
            scheme="Bearer",
            secret=reader.text(words, "bearer_token", path),
            secret_file=_path(reader.text(words, "bearer_token_file", path), base),
        )
    return Credentials()


def _headers(reader: _Reader, words: Mapping[str, Any], path: str) -> dict[str, str]:
    """Values and secrets; those of files would be read too late to be checked."""
    found = {}
    for name, one in (words.get("http_headers") or {}).items() if isinstance(words.get("http_headers"), dict) else ():  # fmt: skip
        where = f"{path}.http_headers.{name}"
        given = reader.mapping(one, where, _HEADER - {"files"}, frozenset({"files"}))
        values = (*reader.names(given, "values", where), *reader.names(given, "secrets", where))
        if any(ord(letter) < 32 for value in (str(name), *values) for letter in value):
            reader.find("MSH2102", where, where, "text of one line")
        elif values:
            found[str(name)] = ", ".join(values)
    return found


def _tls(reader: _Reader, words: Mapping[str, Any], path: str, base: PurePath | None) -> Tls:
    where = f"{path}.tls_config"
    given = reader.mapping(words.get("tls_config"), where, _TLS, _TLS_ELSEWHERE)
    return Tls(
        ca_file=_path(reader.text(given, "ca_file", where), base),
        cert_file=_path(reader.text(given, "cert_file", where), base),
        key_file=_path(reader.text(given, "key_file", where), base),
        server_name=reader.text(given, "server_name", where),
        insecure_skip_verify=reader.truth(given, "insecure_skip_verify", where, default=False),
    )


def _group(reader: _Reader, given: object, path: str) -> Group | None:
    before = reader.errors
    words = reader.mapping(given, path, frozenset({"targets", "labels"}))
    targets = reader.names(words, "targets", path)
    labels = reader.texts(words.get("labels"), f"{path}.labels")
    for index, target in enumerate(targets):
        if "/" in target:
            reader.find(
                "MSH2109", f"{path}.targets[{index}]", f"{target!r} is not a host and a port"
            )
    for name in labels:
        if not _NAME.fullmatch(name):
            reader.find("MSH2109", f"{path}.labels.{name}", f"{name!r} is not a name of a label")
    return Group(targets=targets, labels=labels) if reader.errors == before else None


def groups_of(text: str) -> tuple[tuple[Group, ...], tuple[ScrapeProblem, ...]]:
    """A file of targets, as `file_sd_configs` names them: JSON is YAML, too."""
    reader = _Reader()
    document = _document(reader, text)
    groups = [_group(reader, one, path) for path, one in reader.items(document, "")]
    found = tuple(group for group in groups if group is not None)
    return (() if reader.errors else found), tuple(reader.problems)


def _files(
    reader: _Reader, words: Mapping[str, Any], path: str, base: PurePath | None
) -> tuple[str, ...]:
    found: list[str] = []
    for where, one in reader.items(words.get("file_sd_configs"), f"{path}.file_sd_configs"):
        given = reader.mapping(one, where, frozenset({"files", "refresh_interval"}))
        reader.duration(given, "refresh_interval", where, None)
        names = reader.names(given, "files", where)
        if not names:
            reader.find("MSH2104", f"{where}.files", "files")
        for index, name in enumerate(names):
            if not name.endswith((".json", ".yml", ".yaml")):
                reader.find("MSH2109", f"{where}.files[{index}]", f"{name!r} does not end with .json, .yml or .yaml")  # fmt: skip
            found.append(_path(name, base))
    return tuple(found)


def _pods(reader: _Reader, words: Mapping[str, Any], path: str) -> tuple[str, ...] | None:
    """Of `kubernetes_sd_configs` the role `pod`: the registry's."""
    found: set[str] = set()
    some = False
    for where, one in reader.items(words.get("kubernetes_sd_configs"), f"{path}.kubernetes_sd_configs"):  # fmt: skip
        given = reader.mapping(one, where, _PODS, frozenset(one or ()) - _PODS if isinstance(one, dict) else frozenset())  # fmt: skip
        if reader.text(given, "role", where) != "pod":
            reader.find(
                "MSH2102", f"{where}.role", "role", "pod: the registry has no other targets"
            )
        spaces = reader.mapping(given.get("namespaces"), f"{where}.namespaces", frozenset({"names"}), frozenset({"own_namespace"}))  # fmt: skip
        names = reader.names(spaces, "names", f"{where}.namespaces")
        if not names:
            return ()
        found |= set(names)
        some = True
    return tuple(sorted(found)) if some else None


_RULE = frozenset(
    {"source_labels", "separator", "regex", "modulus", "target_label", "replacement", "action"}
)


def _rules(reader: _Reader, words: Mapping[str, Any], key: str, path: str) -> tuple[Rule, ...]:
    found = []
    for index, (where, one) in enumerate(reader.items(words.get(key), f"{path}.{key}")):
        if index >= MAX_RULES:
            reader.find("MSH2110", where, f"{MAX_RULES} rules")
            break
        before = reader.errors
        rule = _rule(reader, one, where)
        if rule is not None and reader.errors == before:
            found.append(rule)
    return tuple(found)


def _rule(reader: _Reader, given: object, path: str) -> Rule | None:
    words = reader.mapping(given, path, _RULE)
    try:
        action = Action(reader.text(words, "action", path, "replace").lower())
    except ValueError:
        reader.find("MSH2102", f"{path}.action", "action", f"one of {', '.join(Action)}")
        return None
    rule = Rule(
        action=action,
        source=reader.names(words, "source_labels", path),
        separator=reader.text(words, "separator", path, ";"),
        regex=reader.text(words, "regex", path, relabel.ANYTHING),
        target=reader.text(words, "target_label", path),
        replacement=reader.text(words, "replacement", path, relabel.WHOLE),
        modulus=reader.count(words, "modulus", path),
    )
    wrong = relabel.problem_of(rule.regex)
    if wrong:
        reader.find("MSH2107", f"{path}.regex", rule.regex, wrong)
    reason = _against(rule, words)
    if reason:
        reader.find("MSH2109", path, reason)
    return rule


_WITH_TARGET = frozenset(
    {Action.REPLACE, Action.HASHMOD, Action.LOWERCASE, Action.UPPERCASE, Action.KEEPEQUAL, Action.DROPEQUAL}
)  # fmt: skip


def _against(rule: Rule, words: Mapping[str, Any]) -> str:
    """What does not go together, in Prometheus's words."""
    if rule.action in _WITH_TARGET:
        if not rule.target:
            return f"relabel configuration for {rule.action} action requires 'target_label' value"
        shape = _TARGET if rule.action is Action.REPLACE else _NAME
        if not shape.fullmatch(rule.target):
            return f"{rule.target!r} is invalid 'target_label' for {rule.action} action"
    if rule.action is Action.HASHMOD and not rule.modulus:
        return "relabel configuration for hashmod requires non-zero modulus"
    if rule.action in (Action.LABELDROP, Action.LABELKEEP) and set(words) - {"action", "regex"}:
        return f"{rule.action} action requires only 'regex', and no other fields"
    return ""


def _path(name: str, base: PurePath | None) -> str:
    return str(base / name) if name and base is not None else name


_SECRETS = frozenset({"password", "credentials", "bearer_token", "secrets", "client_secret", "key"})


def shown(document: object) -> str:
    """The configuration as YAML, without its secrets."""
    return yaml.safe_dump(_without_secrets(document), sort_keys=False, allow_unicode=True)


def _without_secrets(value: object) -> object:
    if isinstance(value, dict):
        return {
            key: "<secret>" if key in _SECRETS and found else _without_secrets(found)
            for key, found in value.items()
        }
    return [_without_secrets(one) for one in value] if isinstance(value, list) else value


def written(seconds: float) -> str:
    """A duration as Prometheus writes it: 1m30s, 15s, 500ms."""
    left = round(seconds * 1000)
    parts = []
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        number, left = divmod(left, size)
        if number:
            parts.append(f"{number}{unit}")
    return "".join(parts) or "0s"
