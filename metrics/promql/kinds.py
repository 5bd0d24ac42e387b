"""The type of an expression's value, in Prometheus's words."""

from metrics.promql import ast

_RETURNS_SCALAR = frozenset({"time", "scalar", "pi", "start", "end", "step", "range"})


def kind(node: ast.Expression) -> str:
    match node:
        case ast.Number():
            return "scalar"
        case ast.Text():
            return "string"
        case ast.Parens(inner=inner) | ast.Negation(inner=inner):
            return kind(inner)
        case ast.Range() | ast.Subquery():
            return "matrix"
        case ast.Call(function=function):
            return "scalar" if function in _RETURNS_SCALAR else "vector"
        case ast.Binary(left=left, right=right):
            scalars = kind(left) == kind(right) == "scalar"
            return "scalar" if scalars else "vector"
        case _:
            return "vector"
