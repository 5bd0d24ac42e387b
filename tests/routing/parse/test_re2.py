"""What RE2 takes and refuses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.model.re2 import refusal


@pytest.mark.parametrize(
    "expression",
    ["", "/v[0-9]+/.*", "(?i)abc", "(?:a|b)*?", r"\d+\.\w", r"\pL+", r"[[:alpha:]]x", "(?P<a>b)",
     r"\x{10FFFF}", "a{2,3}", r"^(.*;)?(user=jason)(;.*)?$", r"\Aa\z", r"a\+\+", "[+]+",
     "(a{500}){2}", "a{1000}b{1000}", "(a{40}|b{500}){2}", "([a{9}]{10}){100}", "((a{1000})*)+"],
)  # fmt: skip
def test_re2_takes_it(expression: str) -> None:
    assert refusal(expression) is None


@pytest.mark.parametrize(
    "expression",
    ["(?=a)", "(?!a)", "(?<=a)b", "(?<!a)b", r"(a)\1", "(?P<a>b)(?P=a)", "a++", "a*+", "(", "[a",
     "*a", "a{1001}", r"\Z", r"\y", "(?>a)", "(?#a)", "x" * 1025, "a{99999999999}", "(?(1)a)",
     "(a{501}){2}", "(((a{1000}){1000}){1000})", "((ab{40,}|c){5}x){6}", "([)]{10}){101}"],
)  # fmt: skip
def test_re2_refuses_it(expression: str) -> None:
    assert refusal(expression)


@given(st.text(alphabet="ab()[]{}*+?|\\^$.-123,:=!<>P", max_size=30))
def test_no_expression_raises(expression: str) -> None:
    refusal(expression)
