"""Text to values: what YAML means, and that nothing of it can exhaust or crash us."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.parse.dump import dumped
from routing.parse.text import MAX_BYTES, MAX_DEPTH, MAX_DOCUMENTS, read_values


def values(text: str) -> list[object]:
    return [one.value for one in read_values(text)]


def codes(text: str) -> list[tuple[str, str]]:
    return [(f.code, f.path) for one in read_values(text) for f in one.findings]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1), ("-0x1f", -31), ("010", 8), ("0o17", 15), ("0b101", 5), ("1_000", 1000),
        ("1.5", 1.5), ("1e3", 1000.0), ("~", None), ("yes", True), ("Off", False), ("08", "08"),
        ("12:30:45", "12:30:45"), ("2001-12-14", "2001-12-14"), ("'1'", "1"), ("!!str 1", "1"),
        ("{a: [1, {b: c}]}", {"a": [1, {"b": "c"}]}), ("{1: a, yes: b}", {"1": "a", "yes": "b"}),
        ("[&x {a: 1}, *x]", [{"a": 1}, {"a": 1}]),
        ("{base: &b {a: 1, c: 2}, own: {<<: *b, a: 3}}",
         {"base": {"a": 1, "c": 2}, "own": {"a": 3, "c": 2}}),
        ('{"json": [true, null, "x"]}', {"json": [True, None, "x"]}),
    ],
)  # fmt: skip
def test_a_text_has_its_value(text: str, value: object) -> None:
    assert (values(text), codes(text)) == ([value], [])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{a: 1, a: 2}", [("MSH1006", "a")]),
        ("a: {b: [.nan, .inf, 1e999]}", [("MSH1007", f"a.b[{i}]") for i in range(3)]),
        ("? [a]\n: 1", [("MSH1008", "")]),
        ("~: 1", [("MSH1008", "")]),
        ("a: !!python/object:os.system x", [("MSH1009", "a")]),
        ("a: !!python/object/apply:os.system [x]", [("MSH1009", "a")]),
        ("a: *missing", [("MSH1001", "a")]),
        ("a: &a [*a]", [("MSH1001", "a[0]")]),
        ('a: "\\0"', [("MSH1023", "a")]),
        ("a: [", [("MSH1001", "line 2, column 1")]),
        ("a: 1\nb: é\ud800", [("MSH1001", "line 2, column 5")]),
        ("a: 1\nb: é\x01", [("MSH1001", "line 2, column 5")]),
        ("x" * (MAX_BYTES + 1), [("MSH1002", "")]),
        ("---\na\n" * (MAX_DOCUMENTS + 1), [("MSH1003", "")]),
    ],
)
def test_what_is_wrong_is_a_finding_with_its_path(text: str, found: list[tuple[str, str]]) -> None:
    assert codes(text) == found


def test_a_syntax_error_says_where() -> None:
    (one,) = list(read_values("a: 1\nb: [\n"))
    assert [(f.path, f.message) for f in one.findings] == [
        ("line 3, column 1", "not YAML: did not find expected node content")
    ]


def test_what_is_wrong_with_a_document_is_not_said_again_of_the_next() -> None:
    assert codes("{a: 1, a: 2}\n---\nb: [") == [
        ("MSH1006", "a"),
        ("MSH1001", "line 4, column 1"),
    ]


def test_documents_before_a_syntax_error_are_read() -> None:
    assert values("a: 1\n---\nb: [") == [{"a": 1}, None]


def test_depth_is_bounded() -> None:
    assert [code for code, _ in codes("[" * MAX_DEPTH + "]" * MAX_DEPTH)] == []
    assert [code for code, _ in codes("[" * 100_000)] == ["MSH1004"]


def test_aliases_that_multiply_are_refused() -> None:
    bomb = "a0: &a0 [x, x]\n" + "".join(
        f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}, *a{i - 1}]\n" for i in range(1, 40)
    )
    assert [code for code, _ in codes(bomb)] == ["MSH1005"]


BLOCK = "x" * 300_000


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f'a: &a "{BLOCK}"\nl: &l [{"*a, " * 1500}]\n? *l\n: 1\n', [("MSH1024", "l[33]")]),
        (f'a: &a "{BLOCK}"\nl: &l [{"*a, " * 30}]\n? *l\n: 1\n', [("MSH1008", "")]),
        (f'a: &a "{BLOCK}"\nl: &l [{"*a, " * 30}]\nm: [*l]\n', [("MSH1024", "m[0]")]),
        (f'a: &a "{BLOCK}"\nb: {{? *a : 1}}\n', [("MSH1008", "b")]),
        (f'a: {{? "{BLOCK}" : [{".nan, " * 100_000}]}}\n', [("MSH1008", "a")]),
    ],
)
def test_what_aliases_and_keys_make_of_a_text_is_bounded(
    text: str, found: list[tuple[str, str]]
) -> None:
    tracemalloc.start()
    assert codes(text) == found
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000_000


def test_an_alias_of_a_scalar_is_a_key_as_it_was_written() -> None:
    assert values("{a: &a yes, b: {*a : 1}}") == [{"a": True, "b": {"yes": 1}}]


def test_a_long_text_without_aliases_is_read() -> None:
    rule = "    - {from: [{source: {namespaces: [shop]}}], to: [{operation: {paths: [/a]}}]}\n"
    text = "kind: AuthorizationPolicy\nspec:\n  rules:\n" + rule * 11_000
    (one,) = read_values(text)
    assert (one.findings, len(one.value["spec"]["rules"]), len(text) < MAX_BYTES) == (
        (),
        11_000,
        True,
    )


@given(st.text(max_size=200))
def test_no_text_raises(text: str) -> None:
    list(read_values(text))


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=8).filter(
        lambda t: t.isprintable()
    ),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text("abc", min_size=1, max_size=4), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(PLAIN)
def test_what_is_dumped_is_read_back(value: object) -> None:
    assert values(dumped({"value": value})) == [{"value": value}]
