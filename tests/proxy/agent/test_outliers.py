"""Reading Envoy's log of ejections as it is written."""

import json
from pathlib import Path

from proxy.agent import outliers
from proxy.agent.outliers import OutlierLog, told


def line(action: str, second: int, enforced: bool = True) -> str:
    event = {
        "timestamp": f"2026-01-31T12:00:{second:02}.500Z",
        "cluster_name": "outbound|80||a",
        "upstream_url": "127.66.0.5:80",
        "action": action,
        "num_ejections": 1,
        "enforced": enforced,
    }
    return json.dumps(event) + "\n"


NOON = 1769860800.5


def test_whole_lines_are_taken_in_and_broken_ones_left_out(tmp_path: Path) -> None:
    path = tmp_path / "log"
    log = OutlierLog(path)
    assert not log.follow()
    path.write_text(line("EJECT", 0) + "no json\n" + line("EJECT", 1, enforced=False) + "{half")
    assert log.follow()
    assert not log.follow()
    with path.open("a") as file:
        file.write("}\n" + line("UNEJECT", 3, enforced=False))
    assert log.follow()
    assert told(iter([("uid", log)])) == [
        {
            "uid": "uid",
            "cluster": "outbound|80||a",
            "endpoint": "127.66.0.5:80",
            "turns": [(NOON, True), (NOON + 3, False)],
        }
    ]


def test_another_run_of_envoy_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "log"
    log = OutlierLog(path)
    path.write_text(line("EJECT", 0))
    log.follow()
    path.unlink()
    (tmp_path / "new").write_text("")
    (tmp_path / "new").rename(path)
    log.follow()
    assert log.turns == {}


def test_a_large_log_is_cut_and_its_history_kept(tmp_path: Path, monkeypatch: object) -> None:
    path = tmp_path / "log"
    log = OutlierLog(path)
    path.write_text(line("EJECT", 0) * (outliers.LARGEST_BYTES // len(line("EJECT", 0)) + 2))
    while log.follow():
        pass
    assert path.stat().st_size < 1000
    with path.open("a") as file:
        file.write(line("UNEJECT", 9))
    assert log.follow()
    assert log.turns["outbound|80||a", "127.66.0.5:80"][-1] == (NOON + 9, False)
