"""Whether Envoy's RE2 takes an expression: a conservative check, without running it."""

import re
import warnings

MAX_LENGTH = 1024
LOOKAROUND = re.compile(r"\(\?(?:<?[=!]|#|>|\()")
BACKREFERENCE = re.compile(r"\\[1-9]|\(\?P=|\\k[<'{]")
POSSESSIVE = re.compile(r"(?<!\\)(?:[*+?]|\{[0-9,]+\})\+")
REPETITION = re.compile(r"\{([0-9]+)(?:,([0-9]*))?\}")
MAX_REPETITION = 1000
LETTERS = frozenset("AbBdDsSwWzaftnrvxQEpPC")


def refusal(expression: str) -> str | None:
    """Why RE2 would refuse it; None if it takes it."""
    if len(expression) > MAX_LENGTH:
        return f"longer than {MAX_LENGTH} characters"
    bare = without_escapes(expression)
    if LOOKAROUND.search(bare):
        return "lookaround, comments and conditions are not supported"
    if BACKREFERENCE.search(expression.replace("\\\\", "")):
        return "backreferences are not supported"
    if POSSESSIVE.search(bare):
        return "possessive repetition is not supported"
    letter = unknown_escape(expression)
    if letter:
        return f"unknown escape \\{letter}"
    for low, high in REPETITION.findall(bare):
        if len(low) > 4 or len(high) > 4 or max(int(low), int(high or 0)) > MAX_REPETITION:
            return f"repeats more than {MAX_REPETITION} times"
    if nested_repetitions(bare) > MAX_REPETITION:
        return f"repetitions in repetitions make more than {MAX_REPETITION}"
    return syntax(expression)


def nested_repetitions(bare: str) -> int:
    """How often the most repeated part is written out; `*` and `+` are not."""
    groups, last, i = [1], 1, 0
    while i < len(bare):
        counted = REPETITION.match(bare, i)
        if bare[i] == "[":
            i, last = max(bare.find("]", i + 2), i), 1
        elif bare[i] == "(":
            groups.append(1)
        elif bare[i] == ")" and len(groups) > 1:
            last = groups.pop()
        elif counted:
            last *= max(int(counted[2] or counted[1]), 1)
            i = counted.end() - 1
        elif bare[i] not in "*+?":
            last = 1
        groups[-1] = max(groups[-1], last)
        i += 1
    return max(groups)


def without_escapes(expression: str) -> str:
    return re.sub(r"\\.", "", expression)


def unknown_escape(expression: str) -> str | None:
    for letter in re.findall(r"\\(.)", expression, re.DOTALL):
        if letter.isascii() and letter.isalpha() and letter not in LETTERS:
            return str(letter)
    return None


def syntax(expression: str) -> str | None:
    """Python's parser finds brackets and repetitions that do not fit; what RE2 has beyond it is
    replaced before."""
    common = re.sub(r"\\[pP](\{[^}]*\}|[A-Z])", "x", expression)
    common = re.sub(r"\[\[:\^?[a-z]+:\]\]", "x", common)
    common = re.sub(r"\\[QEC]", "", common).replace(r"\z", r"\Z")
    common = re.sub(r"\\x\{[0-9a-fA-F]+\}", "x", common)
    common = re.sub(r"\(\?[imsU-]+[:)]", lambda m: "(?:" if m[0].endswith(":") else "", common)
    common = re.sub(r"\(\?<([A-Za-z_])", r"(?P<\1", common)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(common)
    except (re.error, RecursionError, OverflowError) as error:
        return str(error)
    return None
