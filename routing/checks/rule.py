"""How a rule of analysis says what it found."""

from collections.abc import Callable, Iterable, Iterator

from rest.contracts import Finding
from routing.checks.cluster import Cluster, Object
from routing.model.catalogue import finding

Rule = Callable[[Cluster], Iterator[Finding]]


def found(code: str, one: Object, path: str = "", *words: object) -> Finding:
    """A finding about an object, named as it is written."""
    return finding(code, one.written, path, *words)


NAMED = 5


def named(names: Iterable[str]) -> str:
    """Names in a sentence, sorted; of many the first few and how many more there are."""
    known = sorted(set(names))
    more = [f"{len(known) - NAMED} more"] if len(known) > NAMED else []
    return ", ".join([*known[:NAMED], *more])


RIVALS = 50
"""With how many others that claim the same thing one is compared: a thousand are no better known."""
