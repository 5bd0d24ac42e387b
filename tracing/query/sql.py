"""A condition as SQL over one row of the store's spans. Values are parameters, never text."""

from dataclasses import dataclass, field

from tracing.query.conditions import (
    And,
    Attribute,
    Compare,
    Comparison,
    Condition,
    Exists,
    Field,
    Not,
    Or,
    Place,
)

_COLUMNS = {
    Field.SERVICE: "{}ServiceName",
    Field.NAMESPACE: "{}Namespace",
    Field.WORKLOAD: "{}Workload",
    Field.OPERATION: "{}SpanName",
    Field.KIND: "lower({}SpanKind)",
    Field.STATUS: "lower({}StatusCode)",
    Field.MESSAGE: "{}StatusMessage",
    Field.DURATION: "{}Duration",
    Field.ERROR: "if({}StatusCode = 'Error', 'true', 'false')",
    Field.TRACE: "{}TraceId",
    Field.SCOPE_NAME: "{}ScopeName",
    Field.SCOPE_VERSION: "{}ScopeVersion",
}
_MAPS = {
    Place.SPAN: "SpanAttributes",
    Place.RESOURCE: "ResourceAttributes",
    Place.SCOPE: "ScopeAttributes",
}
_ARRAYS = {Place.EVENT: "Events.Attributes", Place.LINK: "Links.Attributes"}


@dataclass(slots=True)
class Parameters:
    """Values that the SQL refers to by name; `prefix` keeps them apart from other names."""

    prefix: str = "w"
    values: dict[str, str | int | float] = field(default_factory=dict)

    def add(self, value: str | float, kind: str) -> str:
        name = f"{self.prefix}{len(self.values)}"
        self.values[name] = value
        return f"{{{name}:{kind}}}"


def sql_of(condition: Condition, parameters: Parameters, table: str = "") -> str:
    """`table` is the alias before each column, with its dot."""
    match condition:
        case And(all=parts):
            return _joined(" AND ", parts, parameters, table)
        case Or(any=parts):
            return _joined(" OR ", parts, parameters, table)
        case Not(of=inner):
            return f"NOT ({sql_of(inner, parameters, table)})"
        case Exists(attribute=attribute):
            return _exists(attribute, parameters, table)
        case Compare():
            return _compare(condition, parameters, table)


def _compare(condition: Compare, parameters: Parameters, table: str) -> str:
    if isinstance(condition.what, Attribute):
        return _attribute(condition.what, condition, parameters, table)
    column = _COLUMNS[condition.what].format(table)
    kind = "Float64" if isinstance(condition.value, int | float) else "String"
    return _compared(column, condition.comparison, parameters.add(condition.value, kind))


def _joined(word: str, parts: tuple[Condition, ...], parameters: Parameters, table: str) -> str:
    return f"({word.join(sql_of(part, parameters, table) for part in parts)})"


def _exists(attribute: Attribute, parameters: Parameters, table: str) -> str:
    key = parameters.add(attribute.key, "String")
    found = [
        f"mapContains({table}{column}, {key})"
        for place, column in _MAPS.items()
        if attribute.place in (Place.ANYWHERE, place)
    ]
    found += [
        f"arrayExists(m -> mapContains(m, {key}), {table}{column})"
        for place, column in _ARRAYS.items()
        if attribute.place in (Place.ANYWHERE, place)
    ]
    return f"({' OR '.join(found)})"


def _attribute(attribute: Attribute, condition: Compare, parameters: Parameters, table: str) -> str:
    key = parameters.add(attribute.key, "String")
    number = isinstance(condition.value, int | float)
    value = parameters.add(condition.value, "Float64" if number else "String")

    def holds(mapping: str) -> str:
        one = f"{mapping}[{key}]"
        compared = _compared(
            f"toFloat64OrNull({one})" if number else one, condition.comparison, value
        )
        return f"(mapContains({mapping}, {key}) AND ifNull({compared}, 0))"

    found = [
        holds(f"{table}{column}")
        for place, column in _MAPS.items()
        if attribute.place in (Place.ANYWHERE, place)
    ]
    found += [
        f"arrayExists(m -> {holds('m')}, {table}{column})"
        for place, column in _ARRAYS.items()
        if attribute.place in (Place.ANYWHERE, place)
    ]
    somewhere = f"({' OR '.join(found)})"
    if condition.comparison is not Comparison.EQUAL or number:
        return somewhere
    # what follows from it, and what the store has an index of
    return f"(has({table}AttributeHashes, toUInt32(cityHash64({key}, {value}))) AND {somewhere})"


def _compared(column: str, comparison: Comparison, value: str) -> str:
    match comparison:
        case Comparison.MATCHES:
            return _matched(column, value, "")
        case Comparison.MATCHES_NOT:
            return _matched(column, value, "NOT ")
        case _:
            return f"{column} {comparison} {value}"


def _matched(column: str, value: str, negation: str) -> str:
    """A pattern that is none is refused even where no row would be held against it."""
    pattern = f"concat('^(?s:', {value}, ')$')"
    return f"(match('', {pattern}) < 2 AND {negation}match({column}, {pattern}))"
