"""The critical path of a trace: at each moment, the span that everything waited for.

The rules are those of Jaeger's user interface: children that only follow are left out, a child is
cut to the time of its parent, and the path is walked backwards from the end of the root through the
child that finished last. After Zhang et al., "CRISP: Critical Path Analysis of Large-Scale
Microservice Architectures", USENIX ATC 2022.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timed:
    """A span on a clock, in any unit. `follows`: its parent did not wait for it."""

    id: str
    parent_id: str
    start: int
    end: int
    follows: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """From `start` to `end` the trace waited for this span itself."""

    id: str
    start: int
    end: int


@dataclass(slots=True)
class _Node:
    id: str
    parent: "_Node | None"
    start: int
    end: int
    children: list["_Node"]
    next_child: int = 0
    outside: bool = False


def critical_path(spans: Iterable[Timed]) -> tuple[Section, ...]:
    """From the end of the trace backwards; () for no spans.

    `spans` come parents first, siblings by start; the first is the root. Ids are unique.
    """
    ordered = tuple(spans)
    if not ordered:
        return ()
    waited = _waited_for(ordered)
    if ordered[0].id not in waited:
        return ()
    _cut_to_parents(waited[span.id] for span in ordered if span.id in waited)
    return tuple(_walk(waited[ordered[0].id]))


def _waited_for(spans: Sequence[Timed]) -> dict[str, _Node]:
    """Without spans that only follow, and what lies under them; children by end, latest first."""
    nodes: dict[str, _Node] = {}
    for span in spans:
        parent = nodes.get(span.parent_id)
        known = parent is not None or not nodes
        if span.follows or not known:
            continue
        nodes[span.id] = _Node(span.id, parent, span.start, span.end, [])
        if parent is not None:
            parent.children.append(nodes[span.id])
    for node in nodes.values():
        node.children.sort(key=lambda child: -child.end)
    return nodes


def _cut_to_parents(nodes: Iterable[_Node]) -> None:
    """Parents first. What lies outside its parent's time altogether is taken out."""
    for node in nodes:
        parent = node.parent
        if parent is None:
            continue
        if node.start >= parent.end or (node.start < parent.start and node.end <= parent.start):
            node.outside = True
            continue
        node.start = max(node.start, parent.start)
        node.end = min(node.end, parent.end)


def _walk(root: _Node) -> Iterable[Section]:
    """Down to the child that finished last, up when none finished before the moment reached."""
    node: _Node | None = root
    moment: int | None = None
    while node is not None:
        end = node.end if moment is None else moment
        child = _last_finished(node, moment)
        start = node.start if child is None else child.end
        if start != end:
            yield Section(node.id, start, end)
        if child is None:
            moment, node = node.start, node.parent
        else:
            moment, node = None, child


def _last_finished(node: _Node, moment: int | None) -> _Node | None:
    """Moments only go back, so a child passed over once is never looked at again."""
    while node.next_child < len(node.children):
        child = node.children[node.next_child]
        if not child.outside and (moment is None or child.end < moment):
            return child
        node.next_child += 1
    return None
