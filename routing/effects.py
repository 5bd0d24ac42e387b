"""What a change of the configuration does to each Envoy: listeners, routes, clusters, by proxy. Pure.

Compared are the compiled values that Envoy's bytes are made of (`routing.ir`): equal values mean
equal bytes, so nothing that reaches an Envoy is missed. Parts that many proxies share are the same
objects and are compared once (docs/adr/005).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from difflib import SequenceMatcher
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Any

from routing.ir import Origin, ProxyConfig
from routing.ir_names import is_pair, listener_name, part_name
from topology.contracts import Turnover

if TYPE_CHECKING:  # whoever only holds the answer need not load the compiler
    from routing.compile.mesh import Mesh

MOST_GROUPS = 40
MOST_PROXIES = 100
MOST_CHANGES = 200
MOST_FIELDS = 40
LONGEST_VALUE = 2_000


class Kind(StrEnum):
    """What of a proxy changes. TELEMETRY is in every listener's access log and tracing."""

    LISTENER = "listener"
    ROUTE = "route"
    CLUSTER = "cluster"
    ENDPOINTS = "endpoints"
    SECRET = "secret"  # noqa: S105  a kind of resource
    TELEMETRY = "telemetry"


class Action(StrEnum):
    ADD = "add"
    REMOVE = "remove"
    CHANGE = "change"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field of a resource, as plain values; None on a side that has none.

    `path` names parts of lists by what they are called: `virtual_hosts[x].routes[y].timeout_ms`.
    `text` is the same for people: "reviews v1: weight 100 -> 90".
    """

    path: str
    action: Action
    before: Any
    after: Any
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceChange:
    """One Envoy resource, and the user's resources that its changed parts were made from."""

    kind: Kind
    name: str
    action: Action
    fields: tuple[FieldChange, ...] = ()
    origins: tuple[str, ...] = ()
    left_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The same changes in all of these proxies. Some of the ids may be left out of `proxies`."""

    proxies: tuple[str, ...]
    count: int
    changes: tuple[ResourceChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """Groups, the largest first. `affected` has all ids; the rest of a long answer is counted.

    Proxies of pods that start or end are not compared: `turnovers` says whose, and how many.
    """

    affected: tuple[str, ...] = ()
    groups: tuple[Group, ...] = ()
    left_out_groups: int = 0
    left_out_changes: int = 0
    turnovers: tuple[Turnover, ...] = ()


def effects(before: "Mesh", after: "Mesh") -> Effects:
    """What leads from one mesh to the other; both made by the same compiler, one after the other."""
    changed = after.changed_since(before)
    affected = tuple(sorted(one for one in changed if one in before.configs))
    compared = _Compared()
    proxies_of: dict[_Change, list[str]] = {}
    for proxy_id in affected:
        for change in compared.between(before.configs[proxy_id], after.configs[proxy_id]):
            proxies_of.setdefault(change, []).append(proxy_id)
    changes_of: dict[tuple[str, ...], list[ResourceChange]] = {}
    for change, proxies in proxies_of.items():
        changes_of.setdefault(tuple(proxies), []).append(change.value)
    return _bounded(affected, changes_of)


def _bounded(
    affected: tuple[str, ...], changes_of: Mapping[tuple[str, ...], list[ResourceChange]]
) -> Effects:
    ordered = sorted(changes_of.items(), key=lambda group: (-len(group[0]), group[0][:1]))
    groups: list[Group] = []
    room, left_out = MOST_CHANGES, 0
    for proxies, changes in ordered[:MOST_GROUPS]:
        shown = tuple(changes[:room])
        room -= len(shown)
        left_out += len(changes) - len(shown)
        groups.append(Group(proxies=proxies[:MOST_PROXIES], count=len(proxies), changes=shown))
    rest = ordered[MOST_GROUPS:]
    return Effects(
        affected=affected,
        groups=tuple(one for one in groups if one.changes),
        left_out_groups=len(rest) + sum(not one.changes for one in groups),
        left_out_changes=left_out + sum(len(changes) for _, changes in rest),
    )


class _Change:
    """A change by its words: the same ones of different proxies are one."""

    __slots__ = ("_key", "value")

    def __init__(self, value: ResourceChange) -> None:
        self.value = value
        self._key = (value.kind, value.name, value.action, repr(value.fields))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Change) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)


class _Compared:
    """Remembers the comparison of two objects, for proxies that share both."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], tuple[_Change, ...]] = {}

    def between(self, old: ProxyConfig, new: ProxyConfig) -> Iterator[_Change]:
        for kind, parts in _PARTS:
            yield from self._all(kind, parts(old), parts(new))
        if old.proxy.telemetry != new.proxy.telemetry:
            yield from self._pair(
                Kind.TELEMETRY, "telemetry", old.proxy.telemetry, new.proxy.telemetry
            )

    def _all(self, kind: Kind, old: Sequence[Any], new: Sequence[Any]) -> Iterator[_Change]:
        if old is new:
            return
        same = {id(one) for one in old} & {id(one) for one in new}
        before = {_name(kind, one): one for one in old if id(one) not in same}
        after = {_name(kind, one): one for one in new if id(one) not in same}
        for name in (*before, *(name for name in after if name not in before)):
            yield from self._pair(kind, name, before.get(name), after.get(name))

    def _pair(self, kind: Kind, name: str, old: Any, new: Any) -> tuple[_Change, ...]:
        key = (id(old), id(new))
        known = self._known.get(key)
        if known is None:
            self._known[key] = known = tuple(_resource(kind, name, old, new))
        return known


def _resource(kind: Kind, name: str, old: Any, new: Any) -> Iterator[_Change]:
    if old == new:
        return
    if old is None or new is None:
        there = new if old is None else old
        yield _Change(
            ResourceChange(
                kind=kind,
                name=name,
                action=Action.ADD if old is None else Action.REMOVE,
                origins=tuple(dict.fromkeys(_origins(there))),
            )
        )
        return
    found = list(_between((), old, new)) or [_other_maker(old, new)]
    yield _Change(
        ResourceChange(
            kind=kind,
            name=name,
            action=Action.CHANGE,
            fields=tuple(_shown(one) for one in found[:MOST_FIELDS]),
            origins=tuple(dict.fromkeys(o for one in found for o in one.origins)),
            left_out=max(0, len(found) - MOST_FIELDS),
        )
    )


def _other_maker(old: Any, new: Any) -> "_Step":
    """It does what it did, and is told to be made from something else."""
    before, after = (list(dict.fromkeys(_origins(one))) for one in (old, new))
    gone = [one for one in before if one not in after]
    come = [one for one in after if one not in before]
    return _Step(("made by",), gone, come, origins=tuple(come or gone))


@dataclass(frozen=True, slots=True)
class _Step:
    """One field before and after; `place` has names of fields, and [names] of parts."""

    place: tuple[str, ...]
    before: Any
    after: Any
    there: tuple[bool, bool] = (True, True)
    origins: tuple[str, ...] = ()


def _between(place: tuple[str, ...], old: Any, new: Any, origin: str = "") -> Iterator[_Step]:
    if old is new or old == new:
        return
    if is_dataclass(old) and type(old) is type(new):
        here = _origin_of(new) or _origin_of(old) or origin
        for one in fields(old):
            if one.name not in _SILENT:
                before, after = getattr(old, one.name), getattr(new, one.name)
                yield from _between((*place, one.name), before, after, here)
    elif isinstance(old, tuple) and isinstance(new, tuple):
        yield from _between_parts(place, old, new, origin)
    else:
        there = (not _is_nothing(old), not _is_nothing(new))
        yield _Step(place, old, new, there if any(there) else (True, True), _list_of(origin))


def _between_parts(
    place: tuple[str, ...], old: tuple[Any, ...], new: tuple[Any, ...], origin: str
) -> Iterator[_Step]:
    """Parts are known by their names; where those do not tell them apart, by their places."""
    before, after = _named(old), _named(new)
    if before is None or after is None:
        yield from _between_places(place, old, new, origin)
        return
    for name in (*before, *(name for name in after if name not in before)):
        there = (name in before, name in after)
        inside = (*place, f"[{name}]")
        if all(there):
            yield from _between(inside, before[name], after[name], origin)
        else:
            part = before[name] if there[0] else after[name]
            made_by = tuple(_origins(part)) or _list_of(origin)
            yield _Step(inside, before.get(name), after.get(name), there, made_by)
    both = [name for name in before if name in after]
    order = [name for name in after if name in before]
    if both != order:
        yield _Step((*place, "order"), both, order, origins=_list_of(origin))


def _between_places(
    place: tuple[str, ...], old: tuple[Any, ...], new: tuple[Any, ...], origin: str
) -> Iterator[_Step]:
    matcher = SequenceMatcher(None, [*map(repr, old)], [*map(repr, new)], autojunk=False)
    for _, start, end, first, last in matcher.get_opcodes():
        both = min(end - start, last - first)
        for i in range(both):
            yield from _between((*place, f"[{first + i}]"), old[start + i], new[first + i], origin)
        for i in range(start + both, end):
            yield _Step((*place, f"[{i}]"), old[i], None, (True, False), _list_of(origin))
        for i in range(first + both, last):
            yield _Step((*place, f"[{i}]"), None, new[i], (False, True), _list_of(origin))


def _named(parts: tuple[Any, ...]) -> dict[str, Any] | None:
    """The parts by name; None where one has none, or two share one."""
    named = {part_name(one): one[1] if is_pair(one) else one for one in parts}
    return None if None in named or len(named) < len(parts) else named  # type: ignore[return-value]


def _shown(step: _Step) -> FieldChange:
    action = {(False, True): Action.ADD, (True, False): Action.REMOVE}.get(
        step.there, Action.CHANGE
    )
    before, after = _plain(step.before), _plain(step.after)
    return FieldChange(
        path="".join(one if one.startswith("[") else f".{one}" for one in step.place).lstrip("."),
        action=action,
        before=_short(before),
        after=_short(after),
        text=_text(step.place, action, before, after),
    )


def _text(place: tuple[str, ...], action: Action, before: Any, after: Any) -> str:
    """ "reviews.shop v1: weight 100 -> 90": the names of parts, then the field's own words."""
    last = max((i for i, one in enumerate(place) if one.startswith("[")), default=-1)
    where = " ".join(one[1:-1] for one in place if one.startswith("["))
    what = ".".join(place[last + 1 :])
    if action is Action.CHANGE:
        said = f"{what} {_word(before)} -> {_word(after)}".strip()
    else:
        said = f"{what or place[last - 1]} {action}{'ed' if action is Action.ADD else 'd'}"
        value = after if action is Action.ADD else before
        if what or not isinstance(value, dict):
            said = f"{said}: {_word(value)}"
    return f"{where}: {said}" if where else said


def _word(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        value = ", ".join(value) or "nothing"
    text = _flow(value)
    return text if len(text) <= 120 else f"{text[:117]}..."


def _flow(value: Any) -> str:
    """A plain value on one line, as YAML writes it in flow style."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case float():
            return f"{value:g}"
        case dict():
            return f"{{{', '.join(f'{name}: {_flow(one)}' for name, one in value.items())}}}"
        case list():
            return f"[{', '.join(map(_flow, value))}]"
        case _:
            return str(value)


def _short(value: Any) -> Any:
    """A long value's beginning as text: an answer holds no megabytes."""
    text = _flow(value)
    return value if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}..."


def _plain(value: Any) -> Any:
    """As JSON has it; fields with their default values are left out."""
    if isinstance(value, Origin):
        return f"{value.resource} {value.path}".rstrip()
    if is_dataclass(value) and not isinstance(value, type):
        return {
            one.name: _plain(getattr(value, one.name))
            for one in fields(value)
            if getattr(value, one.name) != one.default
        }
    if isinstance(value, tuple) and value and all(map(is_pair, value)):
        return [f"{name}: {said}" for name, said in value]
    if isinstance(value, (tuple, list)):
        return [_plain(one) for one in value]
    if isinstance(value, frozenset):
        return sorted(_plain(one) for one in value)
    if isinstance(value, Enum):
        return value.value
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


_SILENT = frozenset({"origin"})
"""Where something was made from is told beside what changed."""


def _is_nothing(value: Any) -> bool:
    return value is None or value in ("", ())


def _list_of(origin: str) -> tuple[str, ...]:
    return (origin,) if origin else ()


def _origin_of(value: Any) -> str:
    origin = getattr(value, "origin", None)
    return f"{origin.resource} {origin.path}".rstrip() if isinstance(origin, Origin) else ""


def _origins(value: Any) -> Iterator[str]:
    """Of a part and of everything in it."""
    own = _origin_of(value)
    if own:
        yield own
    if isinstance(value, tuple):
        for one in value:
            yield from _origins(one)
    elif is_dataclass(value):
        for one in fields(value):
            yield from _origins(getattr(value, one.name))


def _listeners(config: ProxyConfig) -> tuple[Any, ...]:
    egress = () if config.outbound_http is None else (config.outbound_http,)
    return (*config.inbound, *egress, *config.outbound_tcp, *config.gateways)


_PARTS: tuple[tuple[Kind, Callable[[ProxyConfig], Sequence[Any]]], ...] = (
    (Kind.LISTENER, _listeners),
    (Kind.ROUTE, lambda config: config.routes),
    (Kind.CLUSTER, lambda config: config.clusters),
    (Kind.ENDPOINTS, lambda config: config.endpoints),
    (Kind.SECRET, lambda config: config.secrets),
)


def _name(kind: Kind, part: Any) -> str:
    if kind is Kind.LISTENER:
        return listener_name(part)
    return str(part.cluster if kind is Kind.ENDPOINTS else part.name)
