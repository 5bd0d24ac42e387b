"""Words of a query with their offsets: the parser's tree has none."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    NAME = "name"
    NUMBER = "number"
    """A number or a duration."""
    STRING = "string"
    SIGN = "sign"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Token:
    kind: Kind
    text: str
    position: int

    @property
    def word(self) -> str:
        return self.text.lower()


_TOKEN = re.compile(
    r"""(?P<skip>\s+|\#[^\n]*)
    |(?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`)
    |(?P<number>0[xX][0-9a-fA-F]+|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+|[a-zA-Z][0-9a-zA-Z]*)?)
    |(?P<name>[a-zA-Z_][a-zA-Z0-9_:]*)
    |(?P<sign>=~|!~|==|!=|<=|>=|[-+*/%^<>=@(){}\[\],:])
    |(?P<unknown>.)""",
    re.VERBOSE | re.DOTALL,
)


def tokens(query: str) -> Iterator[Token]:
    """Every word and sign; a range's `:` after a number stands alone."""
    position = 0
    while position < len(query):
        found = _TOKEN.match(query, position)
        if found is None or found.lastgroup is None:
            return
        if found.lastgroup != "skip":
            yield Token(Kind(found.lastgroup), found[0], position)
        position = found.end()
