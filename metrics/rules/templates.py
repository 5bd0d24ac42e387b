"""Templates in alerts' labels and annotations: the part of Go's language that rules use.

`{{ $labels.name }}`, `{{ .Labels.name }}`, `{{ $value }}`, `{{ .Value }}`, piped through `humanize`,
`humanize1024`, `humanizePercentage`, `humanizeDuration`, `humanizeTimestamp`, `toUpper`, `toLower`,
`title`, or after `printf "..."`.
"""

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from metrics.promql.annotations import go_number

_ACTION = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}", re.DOTALL)
_LABEL = re.compile(r"(?:\$labels|\.Labels)\.([a-zA-Z_][a-zA-Z0-9_]*)")
_INDEX = re.compile(r'index\s+\$labels\s+"([^"]+)"')
_PRINTF = re.compile(r'printf\s+"((?:[^"\\]|\\.)*)"(?:\s+(\S+))?')
_VERB = re.compile(r"%[-+ 0#]*\d*(?:\.\d+)?[a-zA-Z%]")
_IGNORED = ("$externalURL", "$externalLabels", ".ExternalURL")
Value = str | float


class _Unreadable(ValueError):  # noqa: N818  says what the text is
    pass


def expand(text: str, labels: Mapping[str, str], value: float) -> str:
    """What cannot be read stays as it is."""

    def replaced(found: re.Match[str]) -> str:
        try:
            return _shown(_evaluated(found[1], labels, value))
        except _Unreadable:
            return found[0]

    return _ACTION.sub(replaced, text)


def problem(text: str) -> str | None:
    """What of a template cannot be read."""
    rest = _ACTION.sub("", text)
    if "{{" in rest or "}}" in rest:
        return "braces that do not close"
    for found in _ACTION.finditer(text):
        try:
            _evaluated(found[1], {}, 1.0)
        except _Unreadable as error:
            return str(error)
    return None


def _evaluated(action: str, labels: Mapping[str, str], value: float) -> Value:
    first, *pipes = [part.strip() for part in action.split("|")]
    result = _operand(first, labels, value)
    for pipe in pipes:
        result = _piped(pipe, result)
    return result


def _operand(text: str, labels: Mapping[str, str], value: float) -> Value:
    if text in ("$value", ".Value"):
        return value
    found = _LABEL.fullmatch(text) or _INDEX.fullmatch(text)
    if found:
        return labels.get(found[1], "")
    if text in _IGNORED:
        return ""
    if re.fullmatch(r'"[^"]*"', text):
        return text[1:-1]
    found = _PRINTF.fullmatch(text)
    if found and found[2]:
        return _printf(found[1], _operand(found[2], labels, value))
    word, _, argument = text.partition(" ")
    if word in _FUNCTIONS and argument:
        return _FUNCTIONS[word](_operand(argument.strip(), labels, value))
    raise _Unreadable(f"{text!r} is not known")


def _piped(text: str, value: Value) -> Value:
    found = _PRINTF.fullmatch(text)
    if found and not found[2]:
        return _printf(found[1], value)
    if text in _FUNCTIONS:
        return _FUNCTIONS[text](value)
    raise _Unreadable(f"{text!r} is not known")


def _printf(form: str, value: Value) -> str:
    verbs = [verb for verb in _VERB.findall(form) if verb != "%%"]
    if len(verbs) != 1:
        raise _Unreadable("printf takes one value here")
    verb = verbs[0]
    if verb[-1] in "vs":
        return form.replace(verb, _shown(value)).replace("%%", "%")
    if verb[-1] == "q":
        return form.replace(verb, f'"{_shown(value)}"').replace("%%", "%")
    if verb[-1] not in "fgeEGd":
        raise _Unreadable(f"{verb} is not known")
    number = _number(value)
    shown = verb % (int(number) if verb[-1] == "d" and math.isfinite(number) else number)
    return form.replace(verb, shown).replace("%%", "%")


def _shown(value: Value) -> str:
    return go_number(value) if isinstance(value, float) else value


def _number(value: Value) -> float:
    try:
        return float(value)
    except ValueError:
        raise _Unreadable(f"{value!r} is not a number") from None


def _humanize(value: Value) -> str:
    return _scaled(
        _number(value), 1000, ("", "k", "M", "G", "T", "P", "E", "Z", "Y"), ("m", "u", "n", "p")
    )


def _humanize_1024(value: Value) -> str:
    return _scaled(_number(value), 1024, ("", "ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"), ())


def _scaled(number: float, base: int, above: tuple[str, ...], below: tuple[str, ...]) -> str:
    if number == 0 or not math.isfinite(number):
        return go_number(number)
    if abs(number) >= 1 or not below:
        steps = min(int(math.log(max(abs(number), 1), base)), len(above) - 1)
        return f"{number / base**steps:.4g}{above[steps]}"
    steps = min(math.ceil(-math.log(abs(number), base)), len(below))
    return f"{number * base**steps:.4g}{below[steps - 1]}"


def _percentage(value: Value) -> str:
    return f"{_number(value) * 100:.4g}%"


def _duration(value: Value) -> str:
    seconds = _number(value)
    if not math.isfinite(seconds):
        return go_number(seconds)
    if abs(seconds) < 1:
        return _scaled(seconds, 1000, ("",), ("m", "u", "n")) + "s"
    sign, rest = ("-", -seconds) if seconds < 0 else ("", seconds)
    days, rest = divmod(rest, 86_400)
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    parts = [f"{int(n)}{unit}" for n, unit in ((days, "d"), (hours, "h"), (minutes, "m"))]
    while parts and parts[0].startswith("0"):
        parts.pop(0)
    last = f"{int(rest)}s" if parts else f"{rest:.4g}s"
    return sign + " ".join([*parts, last])


def _timestamp(value: Value) -> str:
    seconds = _number(value)
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S +0000 UTC}"
    except (ValueError, OverflowError, OSError):
        return go_number(seconds)


_FUNCTIONS: Mapping[str, Callable[[Value], Value]] = {
    "humanize": _humanize,
    "humanize1024": _humanize_1024,
    "humanizePercentage": _percentage,
    "humanizeDuration": _duration,
    "humanizeTimestamp": _timestamp,
    "toUpper": lambda value: _shown(value).upper(),
    "toLower": lambda value: _shown(value).lower(),
    "title": lambda value: _shown(value).title(),
}
