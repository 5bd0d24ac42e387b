"""When a resource's version ends: `meshweb.dev/expires-at`, and `expires-in` from now on.

Pure: a moment is Unix seconds, now is an argument.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from rest.contracts import Finding
from routing.contracts import Document
from routing.documents import same_content
from routing.model.catalogue import finding
from routing.moments import iso

AT = "meshweb.dev/expires-at"
IN = "meshweb.dev/expires-in"
LONGEST_SECONDS = 366 * 86_400.0
PART = re.compile(r"([0-9]{1,9})(ms|s|m|h|d)")
DURATION = re.compile(r"([0-9]{1,9}(ms|s|m|h|d)){1,5}")
UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?"
    r"([Zz]|[-+][0-9]{2}:[0-9]{2})"
)


def moment_of(text: str) -> float | None:
    """Unix seconds of an RFC 3339 time; None if it is none."""
    if not RFC_3339.fullmatch(text):
        return None
    seconds, dot, rest = text.upper().partition(".")
    if dot:  # datetime reads at most six digits
        digits = re.match(r"[0-9]+", rest)
        kept = digits[0] if digits else ""
        text = f"{seconds}.{kept[:6]:0<6}{rest[len(kept) :]}"
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC).timestamp()
    except (ValueError, OverflowError):
        return None


def seconds_of(text: str) -> float | None:
    """A duration such as 90s, 10m or 1h30m; None if it is none."""
    if not DURATION.fullmatch(text):
        return None
    return sum(int(number) * UNITS[unit] for number, unit in PART.findall(text))


def expires_at(document: Document) -> float | None:
    """When this version ends; None: never, or its annotation cannot be read."""
    return moment_of(dict(document.annotations).get(AT, ""))


def expiring(document: Document, lifetime: str) -> Document:
    """The document with a lifetime of its own, whatever it said before."""
    return _annotated(document, {IN: lifetime}, without=(AT, IN))


def permanent(document: Document) -> Document:
    """The document as it would be if it did not end."""
    return _annotated(document, {}, without=(AT, IN))


def settle(document: Document, now: float) -> Document | Finding:
    """The document with `expires-in` turned into `expires-at`, or what is wrong with either."""
    given = dict(document.annotations)
    if AT not in given and IN not in given:
        return document
    if AT in given and IN in given:
        return _wrong(document, IN, "MSH0904", f"{AT} is there too", "keep one of them")
    if AT in given:
        name, moment = AT, moment_of(given[AT])
        fix = "write a time like 2026-01-31T12:00:00Z, with its zone"
    else:
        lifetime = seconds_of(given[IN])
        name, moment = IN, None if lifetime is None else now + lifetime
        fix = "write a duration like 90s, 10m or 1h30m"
    if moment is None:
        return _wrong(document, name, "MSH0904", f"{given[name]!r} cannot be read", fix)
    if moment <= now:
        reason = f"{iso(moment)} is past" if name == AT else "it would end at once"
        return _wrong(document, name, "MSH0905", reason)
    if moment - now > LONGEST_SECONDS:
        return _wrong(document, name, "MSH0906")
    return document if name == AT else _annotated(document, {AT: iso(moment)}, without=(IN,))


def version_before(due: Document, older: Iterable[Document | None], now: float) -> Document | None:
    """What an ended version gives way to; `older` newest first, None where it did not exist.

    Versions that have ended too, and those of the same content (whose end was only moved), are
    passed over.
    """
    for one in older:
        if one is None:
            return None
        moment = expires_at(one)
        if moment is None or (moment > now and not same_content(permanent(one), permanent(due))):
            return one
    return None


def _annotated(document: Document, add: dict[str, str], *, without: tuple[str, ...]) -> Document:
    kept = {key: text for key, text in document.annotations if key not in without}
    return replace(document, annotations=tuple(sorted({**kept, **add}.items())))


def _wrong(
    document: Document, name: str, code: str, reason: str = "", fix: str | None = None
) -> Finding:
    path = f'metadata.annotations["{name}"]'
    return finding(code, document.key, path, name, reason, fix=fix)
