"""The store process, over its HTTP interface."""

import gzip
import http.client
import json
import secrets
import threading
import time
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetry.ingest.rows import SAMPLE_COLUMNS, pack_sample
from telemetry.store.client import Store, StoreAddress, StoreAway, StoreError
from telemetry.store.migrate import migrate
from tests.telemetry.stack import Stack

SAMPLES = ("id", "t", "v")
CANNOT_READ_ALL_DATA = 33
MEMORY_LIMIT_EXCEEDED = 241
TOO_MANY_PARTS = 252


@pytest.fixture(scope="module")
def anything(store: Store) -> Store:
    store.execute("CREATE TABLE {database}.anything (s String) ENGINE = MergeTree ORDER BY s")
    return store


def ask(stack: Stack, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", stack.store_port, timeout=10)
    try:
        connection.request(
            "POST", path, body=body, headers={k.replace("_", "-"): v for k, v in headers.items()}
        )
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def password(stack: Stack) -> str:
    return (stack.home / "store-password").read_text()


def test_ping_is_open_and_nothing_else_is(stack: Stack, store: Store) -> None:
    assert store.ping()
    assert ask(stack, "/ping") == (200, b"Ok.\n")
    assert ask(stack, "/", b"SELECT 1")[0] == 401
    assert ask(stack, "/", b"SELECT 1", X_ClickHouse_Key="guess")[0] == 401
    assert ask(stack, "/", b"SELECT 1", Authorization="Basic !")[0] == 401
    assert ask(stack, "/", b"SELECT 1", X_ClickHouse_Key=password(stack)) == (200, b"1\n")


def test_the_password_is_its_owners_alone(stack: Stack, store: Store) -> None:
    assert store.database == "meshweb"
    assert (stack.home / "store-password").stat().st_mode & 0o777 == 0o600


def test_too_large_and_broken_bodies_are_refused(stack: Stack, store: Store) -> None:
    key = password(stack)
    assert store.ping()
    assert ask(stack, "/", X_ClickHouse_Key=key, Content_Length=str(1 << 40))[0] == 413
    assert ask(stack, "/", b"x", X_ClickHouse_Key=key, Content_Encoding="gzip")[0] == 400
    assert ask(stack, "/", b"x", X_ClickHouse_Key=key, Content_Encoding="br")[0] == 415
    bomb = gzip.compress(b" " * (64 << 20))
    assert ask(stack, "/", bomb, X_ClickHouse_Key=key, Content_Encoding="gzip")[0] == 413


def test_reads_cannot_write_and_nothing_reaches_files(store: Store) -> None:
    for sql in (
        "SELECT * FROM file('/etc/passwd')",
        "SELECT 1 SETTINGS readonly = 0",
        "SELECT 1 SETTINGS max_memory_usage = 0",
    ):
        with pytest.raises(StoreError):
            store.query(sql)


def test_parameters_carry_any_text(store: Store) -> None:
    text = "a\tb\\n'\"\n{x:String}; DROP TABLE samples -- \N{SNOWMAN}"
    rows = store.query(
        "SELECT {one:String}, {many:Array(String)}, {n:Int64}", one=text, many=[text, ""], n=-5
    )
    assert rows == [(text, [text, ""], -5)]


def test_an_insert_with_its_token_happens_once(store: Store) -> None:
    for token in ("a", "a", "b"):
        store.insert("samples", SAMPLES, [(77, "4000000000.000", 1.5)], token=f"once-{token}")
    assert store.query("SELECT count() FROM {database}.samples WHERE id = 77") == [(2,)]


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=100),
            st.text("\n\r\0;'\\\" \t-A", max_size=100).map(str.encode),
            st.just(b"\n\n"),
        ),
        min_size=1,
        max_size=50,
    )
)
@settings(max_examples=60, deadline=None)
def test_binary_rows_are_kept_whatever_bytes_they_have(
    anything: Store, values: list[bytes]
) -> None:
    token = secrets.token_hex(8)
    rows = b"".join(bytes((len(value),)) + value for value in values)
    assert len(rows) < 1 << 14
    anything.insert_encoded("anything", ("s",), rows, token=token, form="RowBinary")
    found = anything.query("SELECT hex(s) FROM {database}.anything")
    anything.execute("TRUNCATE TABLE {database}.anything")
    assert sorted(row[0] for row in found) == sorted(value.hex().upper() for value in values)


def test_samples_among_whose_bytes_are_empty_lines_are_all_kept(store: Store) -> None:
    rows = b"".join(pack_sample(number, 1_795_373_694_000, 2.0) for number in range(100_000))
    assert rows.count(b"\n\n") > 1
    store.insert_encoded("samples", SAMPLE_COLUMNS, rows, token="binary", form="RowBinary")
    assert store.query("SELECT count() FROM {database}.samples WHERE v = 2") == [(100_000,)]


def test_rows_that_are_cut_short_are_refused_and_none_is_there(anything: Store) -> None:
    with pytest.raises(StoreError) as refused:
        anything.insert_encoded("anything", ("s",), b"\1a\5ab", token="cut", form="RowBinary")
    assert (refused.value.code, refused.value.passing) == (CANNOT_READ_ALL_DATA, False)
    assert anything.query("SELECT s FROM {database}.anything") == []


@pytest.mark.parametrize("form", ["RowBinary", "JSONCompactEachRow"])
def test_too_many_parts_are_told_and_pass(store: Store, form: str) -> None:
    store.execute("DROP TABLE IF EXISTS {database}.few SYNC")
    store.execute(
        "CREATE TABLE {database}.few (s String) ENGINE = MergeTree ORDER BY s"
        " SETTINGS parts_to_throw_insert = 1, parts_to_delay_insert = 1"
    )
    row = b"\1a" if form == "RowBinary" else b'["a"]'
    store.insert_encoded("few", ("s",), row, token="first", form=form)
    with pytest.raises(StoreError) as refused:
        store.insert_encoded("few", ("s",), row, token="second", form=form)
    assert (refused.value.code, refused.value.passing) == (TOO_MANY_PARTS, True)
    assert store.query("SELECT s FROM {database}.few") == [("a",)]


@pytest.mark.parametrize("form", ["RowBinary", "JSONCompactEachRow"])
def test_too_little_memory_is_told_and_passes(store: Store, form: str) -> None:
    store.execute("DROP TABLE IF EXISTS {database}.wide SYNC")
    store.execute(
        "CREATE TABLE {database}.wide (s String, w String DEFAULT repeat(s, 50000))"
        " ENGINE = MergeTree ORDER BY s"
    )
    row = b"\1a" if form == "RowBinary" else b'["a"]\n'
    with pytest.raises(StoreError) as refused:
        store.insert_encoded("wide", ("s",), row * 10_000, token="much", form=form)
    assert (refused.value.code, refused.value.passing) == (MEMORY_LIMIT_EXCEEDED, True)
    assert store.query("SELECT count() FROM {database}.wide") == [(0,)]


def test_a_format_is_a_name_and_nothing_else(stack: Stack, store: Store) -> None:
    statement = quote("INSERT INTO meshweb.samples (id, t, v)")
    form = quote("Null; SELECT 1")
    path = f"/?query={statement}&default_format={form}"
    status, told = ask(stack, path, b"x", X_ClickHouse_Key=password(stack))
    assert (status, told) == (500, b"Code: 73. The name of the format cannot be read\n")
    assert store.ping()


def test_a_query_that_takes_too_long_is_ended(store: Store) -> None:
    with pytest.raises(StoreError):
        store.query(
            "SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1",
            max_execution_time=0.3,
        )


def test_a_query_that_wants_too_much_memory_fails_alone(store: Store) -> None:
    with pytest.raises(StoreError):
        store.query("SELECT length(groupArray(toString(number))) FROM numbers(100000000)")
    assert store.query("SELECT 1") == [(1,)]


def test_sigterm_ends_it_cleanly(tmp_path: Path) -> None:
    stack = Stack(tmp_path)
    try:
        store = stack.start_store()
        store.close()
        assert stack.terminate("store") == 0
    finally:
        stack.stop()


def test_a_taken_port_is_a_sentence(stack: Stack, store: Store, tmp_path: Path) -> None:
    assert store.ping()
    second = Stack(tmp_path, store_port=stack.store_port)
    second.start(
        "store", "-m", "telemetry.store.server", str(tmp_path), "--port", str(stack.store_port)
    )
    assert second.processes["store"].wait(20) == 1
    assert "cannot be opened: Address already in use" in (tmp_path / "store.log").read_text()


def test_kill_under_acknowledged_inserts_loses_none(tmp_path: Path) -> None:
    stack = Stack(tmp_path)
    try:
        store = stack.start_store()
        migrate(store)
        store.close()
        acknowledged: list[int] = []
        for round_ in range(3):
            writer = threading.Thread(
                target=insert_until_it_fails, args=(stack, round_, acknowledged)
            )
            enough = len(acknowledged) + 30
            writer.start()
            while len(acknowledged) < enough:
                time.sleep(0.005)
            stack.kill("store")
            writer.join()
            stack.start_store().close()
        store = stack.store()
        kept = {row[0] for row in store.query("SELECT id FROM {database}.samples")}
        assert set(acknowledged) - kept == set()
        store.close()
    finally:
        stack.stop()


def insert_until_it_fails(stack: Stack, round_: int, acknowledged: list[int]) -> None:
    store = stack.store()
    for number in range(1_000_000):
        key = round_ * 1_000_000 + number
        try:
            store.insert("samples", SAMPLES, [(key, "4000000000.000", 0.0)], token=f"k{key}")
        except StoreAway:
            break
        acknowledged.append(key)
    store.close()


def test_nobody_there_is_an_absence_and_not_a_refusal() -> None:
    store = Store(StoreAddress.of_url("http://u:p%20w@127.0.0.1:9/db"))
    assert not store.ping()
    with pytest.raises(StoreAway):
        store.query("SELECT 1")


def test_an_address_is_read_from_a_url() -> None:
    assert StoreAddress.of_url("http://u:p%20w@localhost:9000/db") == StoreAddress(
        host="localhost", port=9000, user="u", password="p w", database="db"
    )


def test_answers_are_compressed_when_asked(stack: Stack, store: Store) -> None:
    assert store.ping()
    status, body = ask(
        stack, "/", b"SELECT number FROM numbers(5000) FORMAT JSONCompactEachRow",
        X_ClickHouse_Key=password(stack), Accept_Encoding="gzip",
    )  # fmt: skip
    assert (status, json.loads(gzip.decompress(body).splitlines()[-1])) == (200, [4999])


@pytest.mark.parametrize("threads", [1, 2])
def test_a_large_read_uses_as_many_threads_as_it_asks_for(store: Store, threads: int) -> None:
    sql = "EXPLAIN PIPELINE SELECT sum(number) FROM numbers_mt(100000000)"
    plan = [line.strip() for (line,) in store.query(sql, threads=threads)]
    assert any(line.startswith("Resize 2 ") for line in plan) is (threads == 2)
