"""What must not stand in a log or a span: pure."""

import re
from collections.abc import Iterable

HIDDEN = "[hidden]"

_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(
            r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL
        ),
        HIDDEN,
    ),
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"), HIDDEN),  # a JWT
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}"), rf"\1 {HIDDEN}"),
    (re.compile(r"(?i)(login/once/)[^\s\"'?#]+"), rf"\1{HIDDEN}"),
    (re.compile(r"(?i)(\w+://[^\s/:@\"']*:)[^\s@/\"']+@"), rf"\1{HIDDEN}@"),
    (
        re.compile(
            r"(?i)((?:[\w-]*(?:token|passw(?:or)?d|secret|api[_-]?key|secret[_-]?key|private[_-]?key)"
            r"|(?:set-)?cookie|session[_-]?id|csrf\w*|authorization)[\"']?\s*[:=]\s*)"
            r"(?:\"[^\"]*\"|'[^']*'|(?!\[hidden\]|(?:bearer|basic)\s)[^\s\"'&,;})\]]+)"
        ),
        rf"\1{HIDDEN}",
    ),
)
"""In order: whole things before what only begins like one."""

_SHORTEST = 8
"""Of a known secret: shorter ones would blot out words."""


class Redaction:
    """Takes secrets out of text: what looks like one, and what is known to be one."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        self._known = tuple(one for one in known if len(one) >= _SHORTEST)

    def __call__(self, text: str) -> str:
        """The same object where there is nothing to hide."""
        for one in self._known:
            if one in text:
                text = text.replace(one, HIDDEN)
        for pattern, instead in _RULES:
            text = pattern.sub(instead, text)
        return text
