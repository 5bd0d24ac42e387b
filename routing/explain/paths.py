"""Paths as Envoy sees them once it has normalised them, before anything is matched."""

import re

CODED = re.compile(r"%([0-9A-Fa-f]{2})")
PLAIN = re.compile(r"[A-Za-z0-9\-._~]")
RAW = re.compile(r"[\x00-\x20\"<>^`{|}\x7f-\U0010ffff]")
"""What may not stand in a path as it is."""
DOT = re.compile(r"\.|%2e", re.IGNORECASE)


def normalised(path: str) -> str:
    """Dot segments resolved, backslashes turned, letters decoded that need no %, slashes merged;
    the query is left alone."""
    bare, mark, query = path.partition("?")
    turned = bare.replace(chr(92), "/")
    return f"{merged(escaped(decoded(resolved(turned))))}{mark}{query}"


def decoded(path: str) -> str:
    """Letters, digits, "-", ".", "_" and "~" need no %."""

    def plain(found: re.Match[str]) -> str:
        letter = chr(int(found[1], 16))
        return letter if PLAIN.fullmatch(letter) else found[0]

    return CODED.sub(plain, path)


def escaped(path: str) -> str:
    return RAW.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), path)


def resolved(path: str) -> str:
    """Without "." and ".." (also written %2e)."""
    if not path.startswith("/"):
        return path
    kept: list[str] = []
    parts = path.split("/")[1:]
    for index, part in enumerate(parts):
        plain = DOT.sub(".", part) if len(part) <= len("%2e%2e") else part
        last = index == len(parts) - 1
        if plain == ".." and kept:
            kept.pop()
        if plain in (".", ".."):
            kept.extend([""] if last else [])
        else:
            kept.append(part)
    return "/" + "/".join(kept)


def merged(path: str) -> str:
    return re.sub(r"/{2,}", "/", path)


def bare(path: str) -> str:
    """Without the query."""
    return path.partition("?")[0]


def parameters(path: str) -> list[tuple[str, str]]:
    """The query's parameters as they are written: nothing is decoded."""
    query = path.partition("?")[2]
    pairs = (one.partition("=") for one in query.split("&") if one)
    return [(name, value) for name, _, value in pairs]
