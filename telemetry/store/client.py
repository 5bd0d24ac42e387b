"""`Store`: queries and inserts over ClickHouse's HTTP interface, embedded or a cluster."""

import base64
import http.client
import queue
import select
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

import orjson

from telemetry.store.asked import asked_of_store
from telemetry.store.cluster import READING
from telemetry.store.password import store_password

DATABASE = "meshweb"
_UNKNOWN_TABLE = 60
_UNKNOWN_DATABASE = 81
_NOT_ENOUGH_SPACE = 243
_NO_SPACE = "No space left on device"
_TIMEOUT_EXCEEDED = 159
_MEMORY_LIMIT_EXCEEDED = 241
_TOO_MUCH = (
    158,  # TOO_MANY_ROWS
    _MEMORY_LIMIT_EXCEEDED,
    307,  # TOO_MANY_BYTES
    396,  # TOO_MANY_ROWS_OR_BYTES
)
_PASSING = (
    _TIMEOUT_EXCEEDED,
    202,  # TOO_MANY_SIMULTANEOUS_QUERIES
    209,  # SOCKET_TIMEOUT
    210,  # NETWORK_ERROR
    _MEMORY_LIMIT_EXCEEDED,
    242,  # TABLE_IS_READ_ONLY
    _NOT_ENOUGH_SPACE,
    252,  # TOO_MANY_PARTS
    999,  # KEEPER_EXCEPTION
)


class StoreError(Exception):
    """ClickHouse refused the statement; `code` is its error number."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code

    @property
    def missing_table(self) -> bool:
        """The schema has not been applied yet."""
        return self.code in (_UNKNOWN_TABLE, _UNKNOWN_DATABASE)

    @property
    def passing(self) -> bool:
        """Nothing is wrong with the statement: memory, disk or patience were short just now."""
        return self.code in _PASSING or self.disk_full

    @property
    def took_too_long(self) -> bool:
        return self.code == _TIMEOUT_EXCEEDED

    @property
    def wants_too_much(self) -> bool:
        """More memory, rows or bytes than one statement may have."""
        return self.code in _TOO_MUCH

    @property
    def reason(self) -> str:
        """What ClickHouse said, without its number and the name of its exception."""
        return str(self).partition("DB::Exception: ")[2] or str(self)

    @property
    def disk_full(self) -> bool:
        """Its disk has no more than what is kept free, or nothing at all."""
        return self.code == _NOT_ENOUGH_SPACE or _NO_SPACE in str(self)


class StoreAway(Exception):  # noqa: N818  a state of the world, to be retried
    """No answer, or too busy: nothing is known of the statement's effect."""


class Abandoned(Exception):  # noqa: N818  the asker's own wish
    """Whoever asked has gone; the store was told so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreAddress:
    host: str
    port: int
    user: str
    password: str
    database: str = DATABASE
    secure: bool = False
    cluster: str = ""

    @staticmethod
    def of_url(url: str, cluster: str = "") -> "StoreAddress":
        """Read `http://user:password@host:port/database`, or https."""
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        return StoreAddress(
            host=parts.hostname or "127.0.0.1",
            port=parts.port or (8443 if secure else 8123),
            user=unquote(parts.username or "default"),
            password=unquote(parts.password or ""),
            database=parts.path.strip("/") or DATABASE,
            secure=secure,
            cluster=cluster,
        )

    @staticmethod
    def embedded(home: Path, port: int) -> "StoreAddress":
        return StoreAddress(
            host="127.0.0.1", port=port, user="meshweb", password=store_password(home)
        )


class Store:
    """Thread-safe; keeps a few idle connections.

    Every call raises StoreAway when there is no answer (retry it; an insert with its token is
    then done once) and StoreError when ClickHouse refuses. Values only ever travel as query
    parameters (`{name:Type}` in the SQL). Tables are named `{database}.table`; `{database}` is
    replaced here.
    """

    def __init__(self, address: StoreAddress, *, timeout: float = 30.0) -> None:
        self._address = address
        self._timeout = timeout
        self._always = READING if address.cluster else {}
        self._idle: queue.LifoQueue[http.client.HTTPConnection] = queue.LifoQueue(8)
        credentials = f"{address.user}:{address.password}".encode()
        self._headers = {"Authorization": f"Basic {base64.b64encode(credentials).decode()}"}

    @property
    def database(self) -> str:
        return self._address.database

    def query(
        self,
        sql: str,
        *,
        max_execution_time: float = 10.0,
        threads: int = 1,
        **parameters: str | int | float | Sequence[str] | Sequence[int],
    ) -> list[tuple[Any, ...]]:
        """Return all rows. 64-bit integers come as int, DateTime64 as text, maps as dicts."""
        arguments = {f"param_{name}": _parameter(value) for name, value in parameters.items()}
        settings = {"max_execution_time": str(max_execution_time), "max_threads": str(threads)}
        text = self._request(
            {**arguments, **settings, "default_format": "JSONCompactEachRow"},
            self._named(sql).encode(),
        )
        return [tuple(orjson.loads(line)) for line in text.splitlines() if line]

    def read(
        self,
        sql: str,
        form: str,
        *,
        settings: Mapping[str, str] | None = None,
        abandoned: Callable[[], bool] | None = None,
        **parameters: str | int | float | Sequence[str] | Sequence[int],
    ) -> bytes:
        """Return the answer in one of ClickHouse's output formats, as it comes.

        `abandoned` is asked ten times a second; once it says so the statement is ended and
        Abandoned raised. Raises StoreAway and StoreError, too.
        """
        arguments = {f"param_{name}": _parameter(value) for name, value in parameters.items()}
        chosen = {**(settings or {}), "cancel_http_readonly_queries_on_client_close": "1"}
        return self._request(
            {**arguments, **chosen, "default_format": form}, self._named(sql).encode(), abandoned
        )

    def execute(self, sql: str, *, max_execution_time: float = 60.0) -> None:
        """Run a statement that answers nothing (schema)."""
        self._request({"max_execution_time": str(max_execution_time)}, self._named(sql).encode())

    def insert(
        self, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, token: str
    ) -> None:
        """Insert rows. When it returns they are durable; the same token is inserted once."""
        self.insert_encoded(table, columns, b"\n".join(map(orjson.dumps, rows)), token=token)

    def insert_encoded(
        self,
        table: str,
        columns: Sequence[str],
        lines: bytes,
        *,
        token: str,
        form: str = "JSONCompactEachRow",
    ) -> None:
        """As `insert`, for rows in `form` already: JSON arrays, one per line, or RowBinary."""
        if not lines:
            return
        statement = f"INSERT INTO {self.database}.{table} ({', '.join(columns)}) FORMAT {form}"
        settings = {"insert_deduplication_token": token}
        self._request({"query": statement, **settings}, lines)

    def ping(self) -> bool:
        """Whether the store answers at all."""
        try:
            self._request({}, b"SELECT 1")
        except (StoreAway, StoreError):
            return False
        return True

    def wait(self, seconds: float) -> bool:
        """Wait until the store answers."""
        deadline = time.monotonic() + seconds
        while not self.ping():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    def _named(self, sql: str) -> str:
        return sql.replace("{database}", self.database)

    def _request(
        self,
        arguments: Mapping[str, str],
        body: bytes,
        abandoned: Callable[[], bool] | None = None,
    ) -> bytes:
        path = f"/?{urlencode({**self._always, **arguments})}"
        with asked_of_store(arguments.get("query", "") or body):
            return self._answered(path, body, abandoned)

    def _answered(self, path: str, body: bytes, abandoned: Callable[[], bool] | None) -> bytes:
        connection, reused = self._connection()
        try:
            status, code, text = self._exchange(connection, path, body, abandoned)
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            if not reused:
                raise StoreAway(f"the store does not answer: {error}") from error
            return self._again(path, body, abandoned)
        return _checked(status, code, text)

    def _again(self, path: str, body: bytes, abandoned: Callable[[], bool] | None) -> bytes:
        """A kept connection may have been closed meanwhile: try once on a new one.

        Statements are reads, schema made with IF NOT EXISTS, or inserts with a token.
        """
        connection = self._connect()
        try:
            return _checked(*self._exchange(connection, path, body, abandoned))
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise StoreAway(f"the store does not answer: {error}") from error

    def _exchange(
        self,
        connection: http.client.HTTPConnection,
        path: str,
        body: bytes,
        abandoned: Callable[[], bool] | None,
    ) -> tuple[int, int, bytes]:
        connection.request("POST", path, body=body, headers=self._headers)
        if abandoned is not None:
            _await_answer(connection, abandoned)
        response = connection.getresponse()
        text = response.read()
        code = int(response.getheader("X-ClickHouse-Exception-Code") or 0)
        if response.will_close:
            connection.close()
        else:
            self._keep(connection)
        return response.status, code, text

    def _connection(self) -> tuple[http.client.HTTPConnection, bool]:
        try:
            return self._idle.get_nowait(), True
        except queue.Empty:
            return self._connect(), False

    def _connect(self) -> http.client.HTTPConnection:
        kind = http.client.HTTPSConnection if self._address.secure else http.client.HTTPConnection
        return kind(self._address.host, self._address.port, timeout=self._timeout)

    def _keep(self, connection: http.client.HTTPConnection) -> None:
        try:
            self._idle.put_nowait(connection)
        except queue.Full:
            connection.close()

    def close(self) -> None:
        """Close the idle connections."""
        while not self._idle.empty():
            self._idle.get_nowait().close()


def _await_answer(connection: http.client.HTTPConnection, abandoned: Callable[[], bool]) -> None:
    waiting = select.poll()
    waiting.register(connection.sock, select.POLLIN)
    while not waiting.poll(100):
        if abandoned():
            connection.close()
            raise Abandoned


def _checked(status: int, code: int, text: bytes) -> bytes:
    if status == 200:
        return text
    if status in (502, 503, 504):
        raise StoreAway(f"the store is busy: {text[:200].decode(errors='replace')}")
    raise StoreError(text[:2000].decode(errors="replace").strip(), code)


def _parameter(value: str | float | Sequence[str] | Sequence[int]) -> str:
    """Write a query parameter as ClickHouse reads it: text tab-escaped, array items quoted."""
    if isinstance(value, str):
        return _escaped(value)
    if isinstance(value, int | float):
        return str(value)
    items = ",".join(f"'{_quoted(v)}'" if isinstance(v, str) else str(v) for v in value)
    return f"[{items}]"


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\0", "\\0")
