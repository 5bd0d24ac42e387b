"""What a running demo costs: seconds to the first live edge, resident memory, free cores.

The floor of memory is as many bare Python processes; the start is printed as it is.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.running_mesh import RunningMesh, running_mesh

TICKS = os.sysconf("SC_CLK_TCK")
IDLE_SECONDS = 20


def children(pid: int) -> list[int]:
    """All descendants of a process."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found += [child, *children(child)]
    return found


def command(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")


def resident_mb(pid: int) -> float:
    """Resident set size; shared pages count in every process that maps them."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    kib = next(int(line.split()[1]) for line in lines if line.startswith("Rss:"))
    return kib / 1024


def idle_seconds() -> float:
    """Idle time of the whole machine since boot, over all cores."""
    fields = [int(x) for x in Path("/proc/stat").read_text().splitlines()[0].split()[1:]]
    return (fields[3] + fields[4]) / TICKS


def name_of(words: str) -> str:
    for known in (
        "keeper",
        "agent",
        "celery -A mesh_web.celery worker",
        "celery -A mesh_web.celery beat",
    ):
        if known in words:
            return known.split()[-1]
    if "valkey" in words:
        return "broker"
    tail = words.split("manage.py ")
    return tail[1].split()[0] if len(tail) > 1 else words[:40]


def is_data_plane(words: str) -> bool:
    return "_bin/envoy" in words or "demo." in words


def wait_for_edges(mesh: RunningMesh) -> float:
    began = time.monotonic()
    while time.monotonic() - began < 60:
        graph = mesh.call("GET", "/graph")
        if any(edge["requests_per_second"] > 0 for edge in graph["edges"]):
            break
        time.sleep(0.1)
    return time.monotonic() - began


def main() -> None:
    with running_mesh(rate=5.0) as mesh:
        live = mesh.seconds + wait_for_edges(mesh)
        print(f"start to a live graph with traffic: {live:.1f} s (limit 20 s)")
        before = idle_seconds()
        time.sleep(IDLE_SECONDS)
        free = (idle_seconds() - before) / IDLE_SECONDS
        print(f"free cores with the demo idling: {free:.2f} of {os.cpu_count()} (at least 1)")
        rows = {pid: command(pid) for pid in [mesh.pid, *children(mesh.pid)]}
        control = {pid: words for pid, words in rows.items() if not is_data_plane(words)}
        total = 0.0
        for pid, words in control.items():
            size = resident_mb(pid)
            total += size
            print(f"  {name_of(words):<12}{size:7.0f} MB")
        print(f"control plane resident: {total:.0f} MB (limit 1200 MB)")
        floor = subprocess.run(
            [sys.executable, "-c", "import django, os; print(open('/proc/self/statm').read())"],
            check=True, capture_output=True, text=True,
        ).stdout.split()[1]  # fmt: skip
        bare = int(floor) * 4096 / 1e6
        print(
            f"ratio to {len(control)} bare Python processes: {total / (bare * len(control)):.1f}x"
        )


if __name__ == "__main__":
    main()
