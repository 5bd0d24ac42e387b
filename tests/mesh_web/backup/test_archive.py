"""A file is whole or it is refused, and what is in it is for its owner alone."""

import json
import tarfile
from pathlib import Path

import pytest

from mesh_web.backup import archive, keys
from mesh_web.backup.archive import Damaged, Manifest, read, writing
from mesh_web.backup.keys import Locked


def silent(_done: int, _total: int) -> None:
    """Nobody wants to know how far it is."""


def write(path: Path, *, form: int = archive.FORMAT) -> Manifest:
    source = path.with_name("source")
    source.write_bytes(b"rows\n" * 1000)
    with writing(path) as writer:
        writer.add(archive.DATABASE, source, silent)
        writer.add_bytes(archive.KEYS, b"{}")
        manifest = Manifest(
            format=form, meshweb="9.9", made="2026-01-01T00:00:00+00:00", engine="sqlite", rows=1000,
            database={"routing": ("0001_initial",)}, store=(1, 2), store_version="26.9",
            elsewhere="", key="0f", members=writer.members,
        )  # fmt: skip
        writer.finish(manifest)
    return manifest


def test_what_was_written_is_read_and_others_cannot(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    assert write(path) == read(path, silent)
    assert path.stat().st_mode & 0o777 == 0o600
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.tar", "source"]
    with archive.member(path, archive.DATABASE) as content:
        assert content.read() == b"rows\n" * 1000


def test_a_file_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    path.write_text("precious")
    with pytest.raises(FileExistsError, match="is there already"):
        write(path)
    assert path.read_text() == "precious"


def test_a_failure_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    with pytest.raises(OSError, match="nowhere"), writing(path) as writer:
        writer.add(archive.DATABASE, tmp_path / "nowhere", silent)
    assert list(tmp_path.iterdir()) == []


def test_every_flipped_byte_and_every_cut_is_found(tmp_path: Path) -> None:
    path, bad = tmp_path / "a.tar", tmp_path / "bad.tar"
    write(path)
    whole = path.read_bytes()
    for at in (600, 3000, 5500, len(whole) - 10_000):
        bad.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(Damaged, match=r"is damaged|is not as it was written|no backup has"):
            read(bad, silent)
    for length in (0, 100, 1000, 6000, 7000):
        bad.write_bytes(whole[:length])
        with pytest.raises(Damaged, match=r"cut short|damaged"):
            read(bad, silent)


def test_what_is_no_backup_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(b"PK\3\4 a zip, or so it says" * 100)
    with pytest.raises(Damaged, match="damaged or no backup"):
        read(path, silent)
    with tarfile.open(path, "w") as tar:
        tar.add(__file__, "../../etc/passwd")
    with pytest.raises(Damaged, match="which no backup has"):
        read(path, silent)


def test_a_later_form_is_refused_with_the_version_that_made_it(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    write(path, form=2)
    with pytest.raises(Damaged, match=r"made by Meshweb 9\.9 in a form that this version does"):
        read(path, silent)


FILES = {"secret-key": b"s", "rules/a/b.yaml": b"groups: []"}


def test_keys_come_out_of_the_seal_with_the_passphrase_alone() -> None:
    sealed = keys.closed(FILES, "correct horse")
    assert b"groups" not in sealed
    assert json.loads(sealed)["seal"] == keys.SEAL
    assert keys.opened(sealed, "correct horse") == FILES
    assert keys.opened(sealed, "") == Locked("its keys are sealed: give --passphrase-file")
    assert keys.opened(sealed, "wrong") == Locked(
        "the passphrase is not the one its keys are sealed with"
    )
    assert keys.opened(keys.closed(FILES, ""), "") == FILES


@pytest.mark.parametrize("name", ["/etc/passwd", "rules/../x", "..", "", "store-password", "rules"])
def test_a_file_of_no_home_is_not_written(name: str) -> None:
    told = keys.closed({name: b"x"}, "")
    assert keys.opened(told, "") == Locked(f"it has a file of no home: {name}")


def test_files_are_written_for_their_owner_alone(tmp_path: Path) -> None:
    (tmp_path / "secret-key").write_text("another")
    (tmp_path / "store-password").write_text("not in it")
    keys.spread(tmp_path, FILES)
    assert keys.gather(tmp_path, secret_key_given=False) == FILES
    assert keys.gather(tmp_path, secret_key_given=True) == {"rules/a/b.yaml": b"groups: []"}
    modes = {(tmp_path / name).stat().st_mode & 0o777 for name in FILES}
    assert modes == {0o600}
