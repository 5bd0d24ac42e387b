"""Paths as Envoy sees them once it has normalised them, before anything is matched."""

import re

DOT = re.compile(r"\.|%2e", re.IGNORECASE)


def normalised(path: str) -> str:
    """Dot segments resolved, backslashes turned, slashes merged; the query is left alone."""
    bare, mark, query = path.partition("?")
    return f"{merged(resolved(bare.replace(chr(92), '/')))}{mark}{query}"


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
