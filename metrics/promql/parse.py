"""Query text to our tree: promql-parser (Rust) reads the grammar, this finds the positions."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import promql_parser as rust

from metrics.promql import ast
from metrics.promql.durations import INSTANT, Window, plain
from metrics.promql.errors import Failure, QueryError, Reason
from metrics.promql.tokens import Kind, Token, tokens

MAX_LENGTH = 64 * 1024
MAX_DEPTH = 200
"""Brackets, signs and operators that may stand inside each other: both parsers recurse."""

LAST_MOMENT_MS = 9_000_000_000_000_000
"""Floats are exact in whole milliseconds up to here."""

_OPEN = {"(": ")", "[": "]", "{": "}"}
_OPERATORS = frozenset(
    "+ - * / % ^ == != <= >= < > and or unless atan2 and".split()  # noqa: SIM905
)
_GROUPING = frozenset({"by", "without"})
_MATCHING = frozenset(
    {"bool", "on", "ignoring", "group_left", "group_right", "fill", "fill_left", "fill_right"}
)


def parse(query: str, window: Window = INSTANT) -> ast.Expression:
    """The tree; raises QueryError with `bad_data`, a position and often a hint."""
    if not query.strip():
        raise _refused("no expression found in input", 0)
    if len(query) > MAX_LENGTH:
        raise _refused(f"the query is longer than {MAX_LENGTH} characters", MAX_LENGTH)
    words = list(tokens(query))
    _bound_depth(words)
    text, words = plain(query, words, window)
    try:
        tree = rust.parse(text)
    except (ValueError, OverflowError) as error:
        raise _explain(text, list(tokens(text)), str(error)) from None
    return _Reader(words).expression(tree)


def _refused(message: str, position: int, hint: str = "") -> QueryError:
    return QueryError(
        Failure(reason=Reason.BAD_DATA, message=message, position=position, hint=hint)
    )


def _bound_depth(words: list[Token]) -> None:
    operators = sum(word.word in _OPERATORS for word in words)
    depth = 0
    for word in words:
        depth += (word.text in _OPEN) - (word.text in _OPEN.values())
        if depth + operators > MAX_DEPTH:
            raise _refused(
                f"the expression has more than {MAX_DEPTH} operators and levels", word.position
            )


class _Reader:
    """Walks the Rust tree in source order beside the words it was read from."""

    def __init__(self, words: list[Token]) -> None:
        self._words = words
        self._at = 0

    def expression(self, node: rust.Expr) -> ast.Expression:
        if not isinstance(node, rust.NumberLiteral | rust.UnaryExpr):
            while self._peek("+"):
                self._at += 1
        read: Callable[[rust.Expr], ast.Expression] = _READERS[type(node)].__get__(self)
        return read(node)

    def _peek(self, *texts: str) -> bool:
        return self._at < len(self._words) and self._words[self._at].word in texts

    def _eat(self, wanted: str) -> int:
        """Goes past the next such word; its offset."""
        for index in range(self._at, len(self._words)):
            if self._words[index].word == wanted:
                self._at = index + 1
                return self._words[index].position
        return self._here()

    def _here(self) -> int:
        index = min(self._at, len(self._words) - 1)
        return self._words[index].position

    def _number(self, node: rust.NumberLiteral) -> ast.Expression:
        position = self._here()
        while self._peek("+", "-"):
            self._at += 1
        self._at += 1
        return ast.Number(position=position, value=node.val)

    def _text(self, node: rust.StringLiteral) -> ast.Expression:
        position = self._here()
        self._at += 1
        return ast.Text(position=position, value=node.val)

    def _parens(self, node: rust.ParenExpr) -> ast.Expression:
        position = self._eat("(")
        inner = self.expression(node.expr)
        self._eat(")")
        return ast.Parens(position=position, inner=inner)

    def _unary(self, node: rust.UnaryExpr) -> ast.Expression:
        position = self._here()
        self._eat("-")
        return ast.Negation(position=position, inner=self.expression(node.expr))

    def _vector(self, node: rust.VectorSelector) -> ast.Selector:
        position = self._here()
        if not self._peek("{"):
            self._at += 1
        if self._peek("{"):
            self._skip_brackets()
        selector = ast.Selector(position=position, matchers=_matchers(node, position))
        return replace(selector, offset_ms=_ms(node.offset), at=self._modifiers(node.at))

    def _matrix(self, node: rust.MatrixSelector) -> ast.Expression:
        selector = self._vector(node.vector_selector)
        self._skip_brackets()
        moment = self._modifiers(node.vector_selector.at)
        selector = replace(selector, at=moment if selector.at is None else selector.at)
        return ast.Range(position=selector.position, selector=selector, range_ms=_ms(node.range))

    def _subquery(self, node: rust.SubqueryExpr) -> ast.Expression:
        inner = self.expression(node.expr)
        self._skip_brackets()
        return ast.Subquery(
            position=inner.position,
            inner=inner,
            range_ms=_ms(node.range),
            step_ms=None if node.step is None else _ms(node.step),
            offset_ms=_ms(node.offset),
            at=self._modifiers(node.at),
        )

    def _call(self, node: rust.Call) -> ast.Expression:
        position = self._here()
        self._eat("(")
        arguments: list[ast.Expression] = []
        for argument in node.args:
            if arguments:
                self._eat(",")
            arguments.append(self.expression(argument))
        self._eat(")")
        return ast.Call(position=position, function=node.func.name, arguments=tuple(arguments))

    def _aggregation(self, node: rust.AggregateExpr) -> ast.Expression:
        position = self._here()
        self._at += 1
        self._skip_grouping()
        self._eat("(")
        parameter = None if node.param is None else self.expression(node.param)
        if parameter is not None:
            self._eat(",")
        inner = self.expression(node.expr)
        self._eat(")")
        self._skip_grouping()
        modifier = node.modifier
        return ast.Aggregation(
            position=position,
            operator=str(node.op).lower(),
            inner=inner,
            parameter=parameter,
            labels=tuple(modifier.labels) if modifier else (),
            without=bool(modifier and modifier.type == rust.AggModifierType.Without),
        )

    def _binary(self, node: rust.BinaryExpr) -> ast.Expression:
        left = self.expression(node.lhs)
        self._at += 1
        self._skip_matching()
        right = self.expression(node.rhs)
        return ast.Binary(
            position=left.position,
            operator=str(node.op).lower(),
            left=left,
            right=right,
            matching=_matching(node.modifier),
            as_bool=bool(node.modifier and node.modifier.return_bool),
        )

    def _skip_brackets(self) -> None:
        depth = 0
        while self._at < len(self._words):
            text = self._words[self._at].text
            self._at += 1
            depth += (text in _OPEN) - (text in _OPEN.values())
            if depth <= 0:
                return

    def _skip_grouping(self) -> None:
        if self._peek(*_GROUPING):
            self._at += 1
            self._skip_brackets()

    def _skip_matching(self) -> None:
        while self._peek(*_MATCHING):
            bare = self._peek("bool")
            self._at += 1
            if not bare and self._peek("("):
                self._skip_brackets()

    def _modifiers(self, at: rust.AtModifier | None) -> int | ast.Anchor | None:
        """Goes past `offset` and `@`. The moment is read here: the Rust parser loses its sign."""
        moment: int | ast.Anchor | None = None
        while self._peek("offset", "@"):
            is_at = self._peek("@")
            self._at += 1
            sign = -1 if self._peek("-") else 1
            while self._peek("-", "+"):
                self._at += 1
            word = self._words[self._at]
            self._at += 1
            if word.kind is Kind.NAME and self._peek("("):
                self._skip_brackets()
            if is_at and at is not None:
                moment = _moment(at, word, sign)
        return moment


def _moment(at: rust.AtModifier, word: Token, sign: int) -> int | ast.Anchor:
    if at.type == rust.AtModifierType.Start:
        return ast.Anchor.START
    if at.type == rust.AtModifierType.End:
        return ast.Anchor.END
    try:
        seconds = float(int(word.text, 16)) if word.word.startswith("0x") else float(word.text)
    except ValueError:
        seconds = rust.parse_duration(word.text).total_seconds()
    if not abs(seconds) * 1000 < LAST_MOMENT_MS:
        raise _refused(f"timestamp out of bounds for @ modifier: {word.text}", word.position)
    return round(sign * seconds * 1000)


def _ms(duration: timedelta | None) -> int:
    return 0 if duration is None else duration // timedelta(milliseconds=1)


_KINDS = (  # the Rust enumerations compare, but do not hash
    (rust.MatchOp.Equal, ast.MatchKind.EQUAL),
    (rust.MatchOp.NotEqual, ast.MatchKind.NOT_EQUAL),
    (rust.MatchOp.Re, ast.MatchKind.REGEX),
    (rust.MatchOp.NotRe, ast.MatchKind.NOT_REGEX),
)


def _kind(op: rust.MatchOp) -> ast.MatchKind:
    return next(ours for theirs, ours in _KINDS if theirs == op)


def _matchers(node: rust.VectorSelector, position: int) -> tuple[ast.Matcher, ...]:
    if node.matchers.or_matchers:
        raise _refused('"or" between label matchers is not PromQL', position)
    named = [ast.Matcher(ast.MatchKind.EQUAL, "__name__", node.name)] if node.name else []
    return (
        *named,
        *(ast.Matcher(_kind(m.op), m.name, m.value) for m in node.matchers.matchers),
    )


_CARDINALITIES = (
    (rust.VectorMatchCardinality.OneToOne, ast.Cardinality.ONE_TO_ONE),
    (rust.VectorMatchCardinality.ManyToOne, ast.Cardinality.MANY_TO_ONE),
    (rust.VectorMatchCardinality.OneToMany, ast.Cardinality.ONE_TO_MANY),
    (rust.VectorMatchCardinality.ManyToMany, ast.Cardinality.MANY_TO_MANY),
)


def _matching(modifier: rust.BinModifier | None) -> ast.Matching:
    if modifier is None:
        return ast.Matching()
    labels = modifier.matching
    fill = modifier.fill_values
    return ast.Matching(
        cardinality=next(ours for theirs, ours in _CARDINALITIES if theirs == modifier.card),
        on=bool(labels and labels.type == rust.LabelModifierType.Include),
        labels=tuple(labels.labels) if labels else (),
        include=tuple(modifier.group_labels or ()),
        fill_left=fill.lhs if fill else None,
        fill_right=fill.rhs if fill else None,
    )


_READERS = {
    rust.NumberLiteral: _Reader._number,
    rust.StringLiteral: _Reader._text,
    rust.ParenExpr: _Reader._parens,
    rust.UnaryExpr: _Reader._unary,
    rust.VectorSelector: _Reader._vector,
    rust.MatrixSelector: _Reader._matrix,
    rust.SubqueryExpr: _Reader._subquery,
    rust.Call: _Reader._call,
    rust.AggregateExpr: _Reader._aggregation,
    rust.BinaryExpr: _Reader._binary,
}


def _explain(query: str, words: list[Token], message: str) -> QueryError:
    """Where the query stops making sense: the first word after which nothing could complete it."""
    for word in words:
        if word.kind is Kind.UNKNOWN:
            return _refused(message, word.position, f"unexpected character {word.text!r}")
    if not _GRAMMAR.search(message):
        named = (w for w in words if f"'{w.text}'" in message or f" {w.text}" in message)
        return _refused(message, next((w.position for w in named), 0))
    for index, word in enumerate(words):
        if not _may_continue(query, words[: index + 1]):
            return _refused(message, word.position, f"unexpected {word.text!r}")
    return _refused(message, len(query), "the query ends too early")


_GRAMMAR = re.compile(
    r"^invalid promql|^unclosed|^unexpected|^unterminated|^invalid label matcher|^bad number"
)
"""Messages about how the words follow each other, not about what they mean."""
_ENDINGS = (
    "",
    " 1",
    " x",
    ' "x"',
    " x[1m]",
    "(x)",
    '="x"',
    'x="x"',
    "x)",
    "1)",
    "1m]",
    "()",
    "start()",
    "(x)(x)",
    "x)(x)",
)


def _may_continue(query: str, words: list[Token]) -> bool:
    head = query[: words[-1].position + len(words[-1].text)]
    closers: list[str] = []
    for word in words:
        if word.text in _OPEN:
            closers.append(_OPEN[word.text])
        elif word.text in _OPEN.values() and closers:
            closers.pop()
    tail = "".join(reversed(closers))
    return any(_reads(head + ending + tail) for ending in _ENDINGS) or any(
        _reads(head + ending + tail[1:]) for ending in _ENDINGS if tail
    )


def _reads(query: str) -> bool:
    try:
        rust.parse(query)
    except (ValueError, OverflowError) as error:
        return not _GRAMMAR.search(str(error))  # another error means that the grammar went through
    return True
