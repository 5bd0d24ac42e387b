"""Prometheus's text format 0.0.4 and OpenMetrics 1.0, line by line. Pure.

prometheus_client's own parsers read 40,000 samples a CPU second, build whole families and refuse
whole pages for an order that Prometheus bears; a series that was there at the last scrape need not
be parsed at all, so here its text is only cut off.
https://prometheus.io/docs/instrumenting/exposition_formats/, https://prometheus.io/docs/specs/om/open_metrics_spec/
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

MAX_LINE = 1 << 20
MAX_HELP = 1024
MAX_FAMILIES = 5000
"""Of which a page's types and help are kept; its samples have a limit of their own."""
_END = b"# EOF"
_KINDS = frozenset(
    {"counter", "gauge", "histogram", "summary", "gaugehistogram", "stateset", "info", "unknown"}
)
_SERIES = re.compile(rb'[^{"#]*\{(?:[^"}]|"(?:[^"\\]|\\.)*")*\}|[^\s{"#]+', re.DOTALL)
_NAME = re.compile(r"\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*")
_LABEL = re.compile(
    r'\s*(?:(?P<name>[a-zA-Z_][a-zA-Z0-9_]*)|"(?P<quoted>(?:[^"\\]|\\.)*)")\s*'
    r'(?:=\s*"(?P<value>(?:[^"\\]|\\.)*)"\s*)?(?:,|$)',
    re.DOTALL,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class BadPage(ValueError):  # noqa: N818  says what the text is
    """The page cannot be read, and where."""


class Line(NamedTuple):
    """`series` is its text up to the closing brace; `time_ms` is None where none is given."""

    series: bytes
    value: float
    time_ms: int | None
    exemplar: bytes


class Family(NamedTuple):
    """What a page says of one metric, in the words of the store's metadata."""

    kind: str = "unknown"
    help: str = ""
    unit: str = ""


class Exemplar(NamedTuple):
    """`time_ms` is None where none is given."""

    labels: dict[str, str]
    value: float
    time_ms: int | None


def lines_of(body: bytes, families: dict[str, Family], *, open_metrics: bool) -> Iterator[Line]:
    """The samples, one at a time; types and help are put into `families`. Raises BadPage."""
    ended = False
    for number, line in enumerate(body.split(b"\n"), 1):
        if not line:
            continue
        if ended:
            raise BadPage(f"line {number}: there is text after # EOF")
        try:
            if line[0] == 35:
                ended = open_metrics and line.rstrip() == _END
                _comment(line, families, open_metrics=open_metrics)
                continue
            found = _sample(line, open_metrics=open_metrics)
        except (ValueError, OverflowError) as error:
            shown = line[:80].decode(errors="replace")
            raise BadPage(f"line {number}: {_reason(error)}: {shown!r}") from None
        if found is not None:
            yield found
    if open_metrics and not ended:
        raise BadPage("the page does not end with # EOF")


def _sample(line: bytes, *, open_metrics: bool) -> Line | None:
    exemplar = b""
    if open_metrics and b" # " in line:
        found = _SERIES.match(line)
        end = line.find(b" # ", found.end() if found else 0)
        if end >= 0:
            line, exemplar = line[:end], line[end + 3 :]
    brace = line.rfind(b"}")
    if brace >= 0:
        series, words = line[:brace], line[brace + 1 :].split()
    else:
        words = line.split()
        if not words:
            return None
        series = words.pop(0)
    if not words or len(words) > 2 or len(line) > MAX_LINE:
        raise BadPage("expected a series, a value and perhaps a time")
    time_ms = None
    if len(words) == 2:
        time_ms = int(float(words[1]) * 1000) if open_metrics else int(words[1])
    return Line(series, _number(words[0]), time_ms, exemplar)


def _number(text: bytes) -> float:
    """As Go reads it, which knows no underscores here."""
    if b"_" in text:
        raise BadPage("not a number")
    return float(text)


def _comment(line: bytes, families: dict[str, Family], *, open_metrics: bool) -> None:
    words = line.split(None, 3)
    if len(words) < 3 or words[0] != b"#" or words[1] not in (b"TYPE", b"HELP", b"UNIT"):
        return
    name = words[2].decode()
    if name.startswith('"') and name.endswith('"') and len(name) > 1:
        name = _unescaped(name[1:-1])
    text = words[3].decode() if len(words) > 3 else ""
    known = families.get(name)
    if known is None:
        if len(families) >= MAX_FAMILIES:
            return
        known = Family()
    if words[1] == b"TYPE":
        kind = text.strip().lower()
        kind = "unknown" if kind == "untyped" and not open_metrics else kind
        if kind not in _KINDS:
            raise BadPage(f"{kind[:40]!r} is not a type of metrics")
        known = known._replace(kind=kind)
    elif words[1] == b"HELP":
        known = known._replace(help=_unescaped(text)[:MAX_HELP])
    else:
        known = known._replace(unit=text.strip()[:64])
    families[name] = known


def labels_of(series: bytes) -> dict[str, str]:
    """Name (as `__name__`) and labels of a series' text. Raises BadPage."""
    try:
        text = series.decode()
    except UnicodeDecodeError:
        raise BadPage("not UTF-8") from None
    head, brace, inside = text.partition("{")
    found: dict[str, str] = {}
    if head.strip():
        name = _NAME.fullmatch(head)
        if name is None:
            raise BadPage("not a name of a metric")
        found["__name__"] = name[1]
    if brace:
        _read_labels(inside, found)
    if "__name__" not in found:
        raise BadPage("a series has no name")
    return found


def _read_labels(text: str, found: dict[str, str]) -> None:
    at = 0
    while at < len(text) and not text[at:].isspace():
        one = _LABEL.match(text, at)
        if one is None:
            raise BadPage('expected name="value"')
        quoted, value = one["quoted"], one["value"]
        name = _unescaped(quoted) if quoted is not None else one["name"]
        if value is None:  # a metric's own name may stand in quotes among the labels
            if quoted is None or "__name__" in found:
                raise BadPage("a label has no value")
            name, value = "__name__", quoted
        if name in found:
            raise BadPage(f"label {name[:80]!r} is there twice")
        found[name] = _unescaped(value)
        at = one.end()


def exemplar_of(text: bytes) -> Exemplar | None:
    """What stands behind `#`; None where it is none."""
    inside, brace, rest = text.rpartition(b"}")
    words = rest.split()
    if not brace or not inside.lstrip().startswith(b"{") or not 1 <= len(words) <= 2:
        return None
    try:
        labels: dict[str, str] = {}
        _read_labels(inside.lstrip()[1:].decode(), labels)
        time_ms = int(float(words[1]) * 1000) if len(words) == 2 else None
        return Exemplar(labels, _number(words[0]), time_ms)
    except (ValueError, OverflowError):
        return None


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    return _ESCAPED.sub(
        lambda found: {"n": "\n", '"': '"', "\\": "\\"}.get(found[1], found[0]), text
    )


def _reason(error: Exception) -> str:
    if isinstance(error, BadPage):
        return str(error)
    return "not UTF-8" if isinstance(error, UnicodeDecodeError) else "not a number"
