"""A parsed query as the JSON of Prometheus's `parse_query`."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from metrics.api.encode import number
from metrics.promql import ast
from metrics.promql.kinds import kind
from metrics.promql.labels import NAME

_SETS = frozenset({"and", "or", "unless"})


def tree(node: ast.Expression) -> dict[str, Any]:
    return _SHAPES[type(node)](node)


def _vector(node: ast.Selector) -> dict[str, Any]:
    return {"type": "vectorSelector", **_selector(node)}


def _matrix(node: ast.Range) -> dict[str, Any]:
    return {"type": "matrixSelector", "range": node.range_ms, **_selector(node.selector)}


def _selector(node: ast.Selector) -> dict[str, Any]:
    named = [m.value for m in node.matchers if m.name == NAME and m.kind is ast.MatchKind.EQUAL]
    return {
        "name": named[0] if named else "",
        "offset": node.offset_ms,
        "matchers": [
            {"name": m.name, "value": m.value, "type": str(m.kind)} for m in node.matchers
        ],
        **_moment(node.at),
    }


def _moment(at: int | ast.Anchor | None) -> dict[str, Any]:
    anchored = isinstance(at, ast.Anchor)
    return {
        "timestamp": None if anchored else at,
        "startOrEnd": str(at) if anchored else None,
    }


def _subquery(node: ast.Subquery) -> dict[str, Any]:
    return {
        "type": "subquery",
        "expr": tree(node.inner),
        "range": node.range_ms,
        "offset": node.offset_ms,
        "step": node.step_ms or 0,
        **_moment(node.at),
    }


def _call(node: ast.Call) -> dict[str, Any]:
    function = {
        "name": node.function,
        "argTypes": [kind(argument) for argument in node.arguments],
        "variadic": 0,
        "returnType": kind(node),
    }
    return {"type": "call", "func": function, "args": _trees(node.arguments)}


def _aggregation(node: ast.Aggregation) -> dict[str, Any]:
    return {
        "type": "aggregation",
        "op": node.operator,
        "expr": tree(node.inner),
        "param": None if node.parameter is None else tree(node.parameter),
        "grouping": list(node.labels),
        "without": node.without,
    }


def _binary(node: ast.Binary) -> dict[str, Any]:
    both = "scalar" not in (kind(node.left), kind(node.right))
    cardinality = (
        ast.Cardinality.MANY_TO_MANY if node.operator in _SETS else node.matching.cardinality
    )
    matching = {
        "card": str(cardinality),
        "labels": list(node.matching.labels),
        "on": node.matching.on,
        "include": list(node.matching.include),
    }
    return {
        "type": "binaryExpr",
        "op": node.operator,
        "lhs": tree(node.left),
        "rhs": tree(node.right),
        "matching": matching if both else None,
        "bool": node.as_bool,
    }


def _trees(nodes: Iterable[ast.Expression]) -> list[dict[str, Any]]:
    return [tree(node) for node in nodes]


_SHAPES: Mapping[type[ast.Expression], Callable[[Any], dict[str, Any]]] = {
    ast.Number: lambda node: {"type": "numberLiteral", "val": number(node.value)},
    ast.Text: lambda node: {"type": "stringLiteral", "val": node.value},
    ast.Parens: lambda node: {"type": "parenExpr", "expr": tree(node.inner)},
    ast.Negation: lambda node: {"type": "unaryExpr", "op": "-", "expr": tree(node.inner)},
    ast.Selector: _vector,
    ast.Range: _matrix,
    ast.Subquery: _subquery,
    ast.Call: _call,
    ast.Aggregation: _aggregation,
    ast.Binary: _binary,
}
