"""YAML from outside: what is read, and what is not even tried."""

import pytest

from rest.bounded_yaml import MAX_DEPTH, Unreadable, document_of

LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n"
    for before, name in zip("abcdefg", "bcdefgh", strict=True)
)


def test_a_document_is_plain_values() -> None:
    text = "base: &b {x: 1, y: [a, ~]}\nown: {<<: *b, x: 2}\nagain: *b\n"
    assert document_of(text) == {
        "base": {"x": 1, "y": ["a", None]},
        "own": {"x": 2, "y": ["a", None]},
        "again": {"x": 1, "y": ["a", None]},
    }
    assert document_of("") is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[" * 200_000, f"nested deeper than {MAX_DEPTH}"),
        ("{a: " * 100_000, f"nested deeper than {MAX_DEPTH}"),
        ("[" * 61 + "]" * 61, f"nested deeper than {MAX_DEPTH}"),
        (LAUGHS, "its aliases make more than 500000 values of it"),
        ("a: 1\nb: {c: 1, c: 2}\n", "key c is there twice"),
    ],
)
def test_what_would_exhaust_the_process_is_not_composed(text: str, reason: str) -> None:
    assert document_of(text) == Unreadable(reason)


@pytest.mark.parametrize(
    "text",
    ["a: [", "a\0", "\ud800", "a: *b", "!!python/object/apply:os.getcwd []", "a: 2026-99-99", "a\n---\nb",
     "? [a]\n: b", "\ta: b", "a: !!int x", "&a [*a]", "a: !!bool x", "a: !!timestamp x", "---\n" * 9],
)  # fmt: skip
def test_bad_text_is_an_answer(text: str) -> None:
    found = document_of(text)
    assert isinstance(found, Unreadable), found
    assert found.reason


def test_deep_is_deep_enough() -> None:
    assert isinstance(document_of("[" * MAX_DEPTH + "]" * MAX_DEPTH), list)
