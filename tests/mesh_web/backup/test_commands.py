"""`meshweb backup` and `meshweb restore`, as processes, with a store that goes on taking spans."""

import io
import json
import tarfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from telemetry.store.client import Store
from telemetry.store.migrate import migrate
from tests.mesh_web.backup.homes import Home
from tests.routing.app.test_postgresql import postgresql

__all__ = ["postgresql"]

COUNTED = """
SELECT (SELECT count() FROM {database}.otel_traces), (SELECT count() FROM {database}.trace_times),
    (SELECT (count(), sum(v)) FROM {database}.samples), (SELECT count() FROM {database}.access_logs)
"""


class Load:
    """Inserts spans, samples and logs for as long as it is wanted; `acknowledged` are durable."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._stop = threading.Event()
        self.acknowledged = 0
        self._thread = threading.Thread(target=self._insert)
        self._thread.start()

    def _insert(self) -> None:
        while not self._stop.is_set():
            number = self.acknowledged
            now = f"{time.time():.3f}"
            spans = [(f"{number:032x}", f"{i:016x}", now) for i in range(50)]
            columns = ("TraceId", "SpanId", "Timestamp")
            self._store.insert("otel_traces", columns, spans, token=f"t{number}")
            self._store.insert(
                "samples", ("id", "t", "v"), [(number, now, 1.0)], token=f"s{number}"
            )
            self._store.insert(
                "access_logs", ("Body", "Timestamp"), [("x", now)], token=f"l{number}"
            )
            self.acknowledged += 1

    def end(self) -> None:
        self._stop.set()
        self._thread.join()


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A home with an authority, an administrator, tokens, and a store that serves."""
    home = Home(tmp_path_factory.mktemp("source"))
    home.done("prepare")
    home.done("token", "create", "--role", "operator", "--name", "ci")
    (home.path / "rules").mkdir()
    (home.path / "rules" / "a.yaml").write_text("groups: []\n")
    migrate(home.store())
    yield home
    home.stop()


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path / "target")
    yield home
    home.stop()


@pytest.fixture(scope="module")
def saved(source: Home, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made while the store is written to."""
    file = tmp_path_factory.mktemp("saved") / "mesh.tar"
    load = Load(source.store())
    try:
        time.sleep(1)
        before = load.acknowledged
        said = source.done("backup", str(file))
        assert load.acknowledged > before, "nothing was taken while the backup was made"
    finally:
        load.end()
    (file.parent / "before").write_text(str(before))
    assert "its keys are plain: keep the file private." in said
    return file


def test_a_live_system_comes_back_as_it_was(source: Home, saved: Path, target: Home) -> None:
    before = int((saved.parent / "before").read_text())
    said = target.done("restore", str(saved))
    assert "is restored; start with meshweb up" in said
    assert target.rows() == source.rows()
    for name in ("secret-key", "admin-token", "rules/a.yaml"):
        assert (target.path / name).read_bytes() == (source.path / name).read_bytes()
        assert (target.path / name).stat().st_mode & 0o777 == 0o600
    store = target.store()
    ((spans, traces, (samples, _), logs),) = store.query(COUNTED)
    assert (spans >= 50 * before, spans % 50, traces >= before) == (True, 0, True)
    # nobody had an answer yet for what was under way between the two tables
    assert 0 <= spans // 50 - traces <= 1
    assert (samples >= before, logs >= before) == (True, True)
    assert migrate(store) == []
    assert list((target.path / "store" / "backups").iterdir()) == []
    assert list((source.path / "store" / "backups").iterdir()) == []


def test_without_a_running_store_the_same_is_saved(
    saved: Path, target: Home, tmp_path: Path
) -> None:
    target.done("restore", str(saved))
    again = tmp_path / "again.tar"
    target.done("backup", str(again))
    other = Home(tmp_path / "other")
    other.done("restore", str(again))
    assert other.rows() == target.rows()
    counted = [home.store().query(COUNTED) for home in (target, other)]
    assert counted[0] == counted[1]
    other.stop()


def test_a_home_that_has_a_mesh_is_not_overwritten(source: Home, saved: Path) -> None:
    before = source.rows()
    assert "has a Meshweb already" in source.refused("restore", str(saved))
    assert source.rows() == before


def changed(saved: Path, into: Path, **told: object) -> Path:
    """The same backup whose manifest tells something else."""
    with tarfile.open(saved) as old, tarfile.open(into, "w") as new:
        for entry in old:
            content = old.extractfile(entry)
            assert content is not None
            text = content.read()
            if entry.name == "manifest.json":
                text = json.dumps({**json.loads(text), **told}).encode()
                entry.size = len(text)
            new.addfile(entry, io.BytesIO(text))
    return into


def test_a_newer_schema_is_refused_before_anything_is_written(
    saved: Path, target: Home, tmp_path: Path
) -> None:
    with tarfile.open(saved) as tar:
        content = tar.extractfile("manifest.json")
        assert content is not None
        manifest = json.loads(content.read())
    database = {**manifest["database"], "routing": ["0001_initial", "0999_future"]}
    newer = changed(saved, tmp_path / "newer.tar", database=database, meshweb="9.9")
    sentence = target.refused("restore", str(newer))
    assert sentence == (
        f"meshweb restore: {newer} was made by Meshweb 9.9, whose schema is newer than this one's"
        " (routing.0999_future): restore it with that version or a later one"
    )
    later = changed(saved, tmp_path / "later.tar", store=[*manifest["store"], 999])
    assert "(store 0999)" in target.refused("restore", str(later))
    assert not (target.path / "store" / "data").exists()
    assert not (target.path / "admin-token").exists()


def test_a_damaged_file_is_refused_before_anything_is_written(
    saved: Path, target: Home, tmp_path: Path
) -> None:
    cut = tmp_path / "cut.tar"
    cut.write_bytes(saved.read_bytes()[: saved.stat().st_size // 2])
    for words in (("restore",), ("restore", "--check")):
        said = target.refused(*words, str(cut))
        assert "damaged" in said or "cut short" in said
    assert not (target.path / "admin-token").exists()
    assert "is whole and fits this version" in target.done("restore", "--check", str(saved))


def test_sealed_keys_need_their_passphrase(source: Home, target: Home, tmp_path: Path) -> None:
    word, wrong, file = tmp_path / "word", tmp_path / "wrong", tmp_path / "sealed.tar"
    word.write_text("correct horse\n")
    wrong.write_text("battery\n")
    source.done("backup", str(file), "--without-telemetry", "--passphrase-file", str(word))
    assert (source.path / "secret-key").read_bytes() not in file.read_bytes()
    assert "are sealed: give --passphrase-file" in target.refused("restore", str(file))
    assert "is not the one" in target.refused("restore", str(file), "--passphrase-file", str(wrong))
    target.done("restore", str(file), "--passphrase-file", str(word))
    assert target.rows() == source.rows()


def test_another_secret_key_is_refused_for_the_authority_would_be_lost(
    saved: Path, target: Home
) -> None:
    target.more["MESHWEB_SECRET_KEY"] = "another"
    assert "can only be opened with the secret key" in target.refused("restore", str(saved))


def test_what_ran_on_sqlite_goes_on_on_postgresql(
    source: Home, saved: Path, tmp_path: Path, postgresql: str
) -> None:
    target = Home(tmp_path / "target", {"MESHWEB_DATABASE_URL": postgresql})
    target.done("restore", str(saved))
    assert target.rows() == source.rows()
    target.done("token", "create", "--role", "viewer", "--name", "later")
    back, file = Home(tmp_path / "back"), tmp_path / "back.tar"
    target.done("backup", str(file), "--without-telemetry")
    back.done("restore", str(file))
    assert back.rows() == target.rows()
    target.stop()
    back.stop()
