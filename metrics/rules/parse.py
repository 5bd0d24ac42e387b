"""A file of rules, read: groups, and findings for what is wrong with it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import promql_parser as rust

from metrics.promql import ast
from metrics.promql import labels as label_sets
from metrics.promql.annotations import place
from metrics.promql.errors import QueryError
from metrics.promql.kinds import kind
from metrics.promql.labels import NAME, Labels
from metrics.promql.parse import parse as parse_query
from metrics.rules import templates
from metrics.rules.model import DEFAULT_INTERVAL_MS, Alerting, Group, Recording, Rule
from rest.bounded_yaml import Unreadable, document_of
from rest.contracts import Finding, Severity

MAX_BYTES = 1 << 20
MAX_RULES = 5000
LEAST_INTERVAL_MS = 1000
MAX_GROUPS = 1000
MAX_LABELS = 64
"""In one mapping: a series has no more."""
MAX_FINDINGS = 200
"""That are told of one file; of the others how many there are."""
_DURATION = re.compile(r"([0-9]{1,9}(ms|[smhdwy])){1,7}")
_METRIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
CATALOGUE: Mapping[str, tuple[Severity, str, str]] = {
    "MSH2001": (Severity.ERROR, "not YAML: {}", "correct the text at this place"),
    "MSH2002": (Severity.ERROR, "{} must be {}", ""),
    "MSH2003": (Severity.ERROR, "unknown field {}", "see Prometheus's documentation of rules"),
    "MSH2004": (Severity.ERROR, "{} is required", ""),
    "MSH2005": (Severity.ERROR, "group {!r} is there twice in one file", "name each group once"),
    "MSH2006": (Severity.ERROR, "{!r} is not a duration", "write it like 30s, 5m or 1h"),
    "MSH2007": (Severity.ERROR, "the expression is not PromQL: {}", ""),
    "MSH2008": (Severity.ERROR, "a rule has either record or alert", "keep one of them"),
    "MSH2009": (Severity.ERROR, "{!r} is not a name of a metric", "use letters, digits, _ and :"),
    "MSH2010": (Severity.ERROR, "{!r} is not a name of a label", "use letters, digits and _"),
    "MSH2011": (Severity.ERROR, "a recording rule has no {}", "remove it, or make it an alert"),
    "MSH2012": (Severity.ERROR, "the template cannot be read: {}", "see docs/promql.md for what templates know"),
    "MSH2013": (Severity.ERROR, "the expression gives a {}, not a vector or scalar", "aggregate it, or wrap it into a function"),
    "MSH2014": (Severity.WARNING, "{} is there twice with the same labels", "one overwrites the other"),
    "MSH2015": (Severity.ERROR, "more than {}", "split the file"),
    "MSH2016": (Severity.ERROR, "the interval is shorter than one second", "evaluate less often"),
    "MSH2017": (Severity.WARNING, "{} more findings are not told", "correct those before it first"),
}  # fmt: skip
_FILE_FIELDS = frozenset({"groups"})
_GROUP_FIELDS = frozenset({"name", "interval", "limit", "query_offset", "labels", "rules"})
_RULE_FIELDS = frozenset(
    {"record", "alert", "expr", "for", "keep_firing_for", "labels", "annotations"}
)


@dataclass(frozen=True, slots=True)
class Parsed:
    groups: tuple[Group, ...]
    findings: tuple[Finding, ...]

    @property
    def sound(self) -> bool:
        return all(one.severity is not Severity.ERROR for one in self.findings)


@dataclass(slots=True)
class _Reader:
    resource: str
    findings: list[Finding] = field(default_factory=list)
    untold: int = 0

    def find(self, code: str, path: str, *words: object) -> None:
        if len(self.findings) < MAX_FINDINGS:
            self._tell(code, path, *words)
        else:
            self.untold += 1

    def parsed(self, groups: tuple[Group, ...] = ()) -> "Parsed":
        if self.untold:
            self._tell("MSH2017", "", self.untold)
        return Parsed(groups, tuple(self.findings))

    def _tell(self, code: str, path: str, *words: object) -> None:
        severity, message, fix = CATALOGUE[code]
        self.findings.append(
            Finding(
                code=code,
                severity=severity,
                resource=self.resource,
                path=path,
                message=message.format(*words),
                fix=fix,
            )
        )

    def mapping(self, given: object, path: str, known: frozenset[str]) -> dict[str, Any]:
        if not isinstance(given, dict):
            self.find("MSH2002", path, path or "the file", "a mapping")
            return {}
        for key in given:
            if key not in known:
                self.find("MSH2003", f"{path}.{key}".lstrip("."), key)
        return given

    def duration(self, given: object, path: str, default: int) -> int:
        if given is None:
            return default
        try:
            if _DURATION.fullmatch(str(given)):  # of other words, such as nan, the parser panics
                return int(rust.parse_duration(str(given)).total_seconds() * 1000)
        except ValueError:
            pass
        self.find("MSH2006", path, str(given)[:100])
        return default

    def number(self, given: object, path: str) -> int:
        if isinstance(given, int) and not isinstance(given, bool) and given >= 0:
            return given
        if given is not None:
            self.find("MSH2002", path, path, "a number that is not negative")
        return 0

    def texts(self, given: object, path: str, *, templated: bool) -> Labels:
        if given is None:
            return ()
        if not isinstance(given, dict):
            self.find("MSH2002", path, path, "a mapping")
            return ()
        if len(given) > MAX_LABELS:
            self.find("MSH2015", path, f"{MAX_LABELS} of them")
            return ()
        found = {}
        for key, value in given.items():
            where = f"{path}.{key}"
            if not isinstance(key, str) or not label_sets.is_label_name(key) or key == NAME:
                self.find("MSH2010", where, str(key))
            elif not isinstance(value, str | int | float):
                self.find("MSH2002", where, where, "text")
            else:
                found[key] = str(value)
                problem = templates.problem(str(value)) if templated else None
                if problem:
                    self.find("MSH2012", where, problem)
        return tuple(sorted(found.items()))


def parse(text: str, name: str) -> Parsed:
    """`name` is the file's: findings are about `RuleFile name`."""
    reader = _Reader(f"RuleFile {name}")
    if len(text) > MAX_BYTES:
        reader.find("MSH2015", "", f"{MAX_BYTES} bytes")
        return reader.parsed()
    loaded = document_of(text)
    if isinstance(loaded, Unreadable):
        reader.find("MSH2001", "", loaded.reason)
        return reader.parsed()
    groups = tuple(_groups(reader, {} if loaded is None else loaded))
    _find_twins(reader, groups)  # last: they are warnings, and errors must not be the untold
    return reader.parsed(groups)


def _groups(reader: _Reader, loaded: object) -> Iterator[Group]:
    given = reader.mapping(loaded, "", _FILE_FIELDS).get("groups") or []
    if not isinstance(given, list):
        reader.find("MSH2002", "groups", "groups", "a list")
        return
    seen: set[str] = set()
    rules = 0
    for index, one in enumerate(given):
        path = f"groups[{index}]"
        if index >= MAX_GROUPS:
            reader.find("MSH2015", path, f"{MAX_GROUPS} groups")
            return
        group = _group(reader, reader.mapping(one, path, _GROUP_FIELDS), path)
        rules += len(group.rules)
        if rules > MAX_RULES:
            reader.find("MSH2015", path, f"{MAX_RULES} rules")
            return
        if group.name in seen:
            reader.find("MSH2005", f"{path}.name", group.name)
        seen.add(group.name)
        yield group


def _group(reader: _Reader, given: dict[str, Any], path: str) -> Group:
    name = given.get("name")
    if not isinstance(name, str) or not name:
        reader.find("MSH2004", f"{path}.name", "name")
        name = ""
    interval = reader.duration(given.get("interval"), f"{path}.interval", DEFAULT_INTERVAL_MS)
    if interval < LEAST_INTERVAL_MS:
        reader.find("MSH2016", f"{path}.interval")
    shared = reader.texts(given.get("labels"), f"{path}.labels", templated=True)
    rules = given.get("rules") or []
    if not isinstance(rules, list):
        reader.find("MSH2002", f"{path}.rules", "rules", "a list")
        rules = []
    read = (
        _rule(
            reader,
            reader.mapping(one, f"{path}.rules[{i}]", _RULE_FIELDS),
            f"{path}.rules[{i}]",
            shared,
        )
        for i, one in enumerate(rules)
    )
    return Group(
        name=name,
        interval_ms=max(interval, LEAST_INTERVAL_MS),
        limit=reader.number(given.get("limit"), f"{path}.limit"),
        offset_ms=reader.duration(given.get("query_offset"), f"{path}.query_offset", 0),
        rules=tuple(rule for rule in read if rule is not None),
    )


def _rule(reader: _Reader, given: dict[str, Any], path: str, shared: Labels) -> Rule | None:
    record, alert = given.get("record"), given.get("alert")
    if (record is None) == (alert is None):
        reader.find("MSH2008", path)
        return None
    expression = _expression(reader, given.get("expr"), f"{path}.expr")
    own = reader.texts(given.get("labels"), f"{path}.labels", templated=alert is not None)
    labels = tuple(sorted({**dict(shared), **dict(own)}.items()))
    if record is not None:
        for word in ("for", "keep_firing_for", "annotations"):
            if word in given:
                reader.find("MSH2011", f"{path}.{word}", word)
        if not isinstance(record, str) or not _METRIC.fullmatch(record):
            reader.find("MSH2009", f"{path}.record", str(record))
        return Recording(record=str(record), expression=expression, labels=labels)
    return Alerting(
        alert=str(alert),
        expression=expression,
        for_ms=reader.duration(given.get("for"), f"{path}.for", 0),
        keep_firing_for_ms=reader.duration(
            given.get("keep_firing_for"), f"{path}.keep_firing_for", 0
        ),
        labels=labels,
        annotations=reader.texts(given.get("annotations"), f"{path}.annotations", templated=True),
    )


def _expression(reader: _Reader, given: object, path: str) -> str:
    if given is None or given == "":
        reader.find("MSH2004", path, "expr")
        return ""
    text = str(given)
    try:
        tree: ast.Expression = parse_query(text)
    except QueryError as error:
        failure = error.failure
        where = "" if failure.position is None else f"{place(text, failure.position)}: "
        hint = f" ({failure.hint})" if failure.hint else ""
        reader.find("MSH2007", path, f"{where}{failure.message}{hint}")
        return text
    if kind(tree) not in ("vector", "scalar"):
        reader.find("MSH2013", path, "string" if kind(tree) == "string" else "range vector")
    return text


def _find_twins(reader: _Reader, groups: tuple[Group, ...]) -> None:
    seen: set[tuple[str, Labels]] = set()
    for g, group in enumerate(groups):
        for r, rule in enumerate(group.rules):
            if isinstance(rule, Recording):
                key = rule.record, rule.labels
                if key in seen:
                    reader.find("MSH2014", f"groups[{g}].rules[{r}]", rule.record)
                seen.add(key)
