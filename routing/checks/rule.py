"""How a rule of analysis says what it found."""

from collections.abc import Callable, Iterator

from rest.contracts import Finding
from routing.checks.cluster import Cluster, Object
from routing.model.catalogue import finding

Rule = Callable[[Cluster], Iterator[Finding]]


def found(code: str, one: Object, path: str = "", *words: object) -> Finding:
    """A finding about an object, named as it is written."""
    return finding(code, one.written, path, *words)
