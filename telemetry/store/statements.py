"""Which SQL the embedded store runs: reads, inserts and our own schema; never files or networks."""

import re
from dataclasses import dataclass
from enum import StrEnum


class StatementKind(StrEnum):
    """READ runs on a read-only handle, INSERT takes rows from the body, WRITE changes tables."""

    READ = "read"
    INSERT = "insert"
    WRITE = "write"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """`sql` without its FORMAT clause; `output` is that format ("" where none was given)."""

    kind: StatementKind
    sql: str
    output: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A statement the store will not run, and why."""

    reason: str


_LITERALS = re.compile(
    r"'(?:[^'\\]|\\.|'')*'|`(?:[^`\\]|\\.|``)*`|\"(?:[^\"\\]|\\.|\"\")*\"|--[^\n]*|/\*.*?\*/",
    re.DOTALL,
)
"""All three quotes escape alike. What the store would read otherwise than this is _UNCLEAR."""
_UNCLEAR = re.compile(r"[#$'\"`]|/\*|[^\x01-\x7f]")
"""Outside literals: other comments, heredocs, an open quote, typographic quotes, dashes, spaces."""
_FORMAT = re.compile(r"\bFORMAT\s+(\w+)\s*$", re.IGNORECASE)
_READS = re.compile(r"(SELECT|WITH|SHOW|DESCRIBE|DESC|EXISTS|EXPLAIN)\b", re.IGNORECASE)
_INSERT_ROWS = re.compile(
    r"INSERT\s+INTO\s+(?!FUNCTION\b)[\w.`]+\s*(\([^()]*\))?\s*$", re.IGNORECASE
)
_WRITES = re.compile(
    r"(CREATE\s+(DATABASE|TABLE|MATERIALIZED\s+VIEW)|ALTER\s+TABLE|DROP\s+(TABLE|VIEW)|OPTIMIZE\s+TABLE"
    r"|TRUNCATE\s+TABLE|INSERT\s+INTO\s+(?!FUNCTION\b)[\w.]+\s*(\([^()]*\))?\s*(SELECT|WITH|VALUES))\b",
    re.IGNORECASE,
)
_OUTSIDE = re.compile(
    r"\b(file|fileCluster|url|urlCluster|s3|s3Cluster|gcs|hdfs|azureBlobStorage\w*|remote|remoteSecure"
    r"|cluster|clusterAllReplicas|mysql|postgresql|mongodb|redis|sqlite|odbc|jdbc|executable|python"
    r"|iceberg\w*|deltaLake\w*|hudi\w*|input|dictionary|loop)\s*\(",
    re.IGNORECASE,
)
_FILES = re.compile(
    r"\b(INTO\s+OUTFILE|FROM\s+INFILE|INTO\s+FUNCTION|TABLE\s+FUNCTION)\b", re.IGNORECASE
)
_BACKUP = re.compile(
    r"(BACKUP\s+DATABASE\s+\w+\s+TO|RESTORE\s+DATABASE\s+\w+\s+FROM)"
    r"\s+File\('[\w-]{1,100}\.tar'\)\s+ASYNC",
    re.IGNORECASE,
)
"""A file by name alone: it lies in the store's own folder of backups."""
_ENGINE = re.compile(r"\bENGINE\s*=?\s*(\w+)", re.IGNORECASE)


def classify(text: str) -> Statement | Refused:
    """Read one statement. Names in quotes cannot hide a function: `"file"(...)` is refused too."""
    sql = text.strip().rstrip(";").strip()
    if _BACKUP.fullmatch(sql):
        return Statement(kind=StatementKind.WRITE, sql=sql, output="")
    unclear = _UNCLEAR.search(_LITERALS.sub(" ", sql))
    if unclear:
        return Refused(f"{unclear.group()!r} outside a literal")
    bare = _LITERALS.sub(_blank, sql)
    found = _FORMAT.search(bare)
    output = found.group(1) if found else ""
    head = sql[: found.start()].rstrip() if found else sql
    bare_head = bare[: found.start()].rstrip() if found else bare
    refusal = _refusal(bare_head)
    if refusal:
        return Refused(refusal)
    kind = _kind(bare_head.lstrip("( \n"))
    return (
        Statement(kind=kind, sql=head, output=output) if kind else Refused("not a statement we run")
    )


def _blank(found: re.Match[str]) -> str:
    """Keep the length; a quoted identifier keeps its name, so that it is judged like a bare one."""
    text = found.group()
    if text[0] in '`"':
        return f" {text[1:-1]} "
    return " " * len(text)


def _refusal(bare: str) -> str:
    if ";" in bare:
        return "one statement at a time"
    outside = _OUTSIDE.search(bare) or _FILES.search(bare)
    if outside:
        return f"{outside.group().strip()} reaches outside the store"
    for engine in _ENGINE.findall(bare):
        if not engine.endswith("MergeTree"):
            return f"engine {engine} is not one of ours"
    return ""


def _kind(bare: str) -> StatementKind | None:
    if _READS.match(bare):
        return StatementKind.READ
    if _INSERT_ROWS.match(bare):
        return StatementKind.INSERT
    return StatementKind.WRITE if _WRITES.match(bare) else None
