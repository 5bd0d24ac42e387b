"""What the embedded store runs, and what it refuses."""

import pytest

from telemetry.store.statements import Refused, Statement, StatementKind, classify


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM file('/etc/passwd')",
        "SELECT file('/etc/passwd')",
        "SELECT \"file\"('/etc/passwd')",
        "SELECT * FROM `url` ('http://127.0.0.1/')",
        "SELECT * FROM /* x */ s3('a')",
        "SELECT 1 INTO OUTFILE '/tmp/x'",
        "INSERT INTO FUNCTION file('x') SELECT 1",
        "INSERT INTO t SELECT * FROM executable('id', 'TSV', 'a String')",
        "CREATE TABLE t (a UInt8) ENGINE = File(TSV)",
        "CREATE TABLE t (a UInt8) ENGINE=URL('http://127.0.0.1/')",
        "SELECT 1; DROP TABLE t",
        "SYSTEM SHUTDOWN",
        "ATTACH TABLE t",
        "CREATE FUNCTION f AS x -> x",
        "SET readonly = 0",
        "",
        # comments, heredocs and quotes that the store knows and that could hide a quote's end
        "SELECT 1 # '\n, file('/etc/passwd') -- '",
        "SELECT 1 #! '\n FROM file('/etc/passwd') -- '",
        "SELECT $$ ' $$, file('/etc/passwd'), $$ ' $$",
        "SELECT $x$ ' $x$, url('http://127.0.0.1/'), $x$ ' $x$",
        "SELECT \N{LEFT SINGLE QUOTATION MARK} ' \N{RIGHT SINGLE QUOTATION MARK}, file('/etc/passwd') --'",
        "SELECT \N{LEFT DOUBLE QUOTATION MARK} ' \N{RIGHT DOUBLE QUOTATION MARK}, file('/etc/passwd') --'",
        "SELECT file\N{NO-BREAK SPACE}('/etc/passwd')",
        "SELECT \"a\\\"\", ' \"', file('/etc/passwd'), '",
        "SELECT `a\\``, ' `', file('/etc/passwd'), '",
        "SELECT 1 AS \"a\\\"\", ' \"', file('/etc/passwd'), '\"'",
        "SELECT 'open",
        "SELECT 1 /* open",
        "SELECT 1\0",
    ],
)
def test_what_reaches_outside_is_refused(text: str) -> None:
    assert isinstance(classify(text), Refused)


@pytest.mark.parametrize(
    ("text", "statement"),
    [
        (
            "SELECT 'file(' FORMAT JSON",
            Statement(kind=StatementKind.READ, sql="SELECT 'file('", output="JSON"),
        ),
        (
            "SELECT '# $$ \N{LEFT DOUBLE QUOTATION MARK}', \"n\N{LATIN SMALL LETTER O WITH DIAERESIS}\" -- #",
            Statement(
                kind=StatementKind.READ,
                sql="SELECT '# $$ \N{LEFT DOUBLE QUOTATION MARK}', \"n\N{LATIN SMALL LETTER O WITH DIAERESIS}\" -- #",
                output="",
            ),
        ),
        (
            "WITH 1 AS x SELECT x;",
            Statement(kind=StatementKind.READ, sql="WITH 1 AS x SELECT x", output=""),
        ),
        (
            "INSERT INTO db.t (a, b) FORMAT JSONCompactEachRow",
            Statement(
                kind=StatementKind.INSERT,
                sql="INSERT INTO db.t (a, b)",
                output="JSONCompactEachRow",
            ),
        ),
        (
            "CREATE TABLE t (a UInt8) ENGINE = ReplacingMergeTree(a) ORDER BY a",
            Statement(
                kind=StatementKind.WRITE,
                sql="CREATE TABLE t (a UInt8) ENGINE = ReplacingMergeTree(a) ORDER BY a",
                output="",
            ),
        ),
    ],
)
def test_reads_inserts_and_our_schema_are_run(text: str, statement: Statement) -> None:
    assert classify(text) == statement
