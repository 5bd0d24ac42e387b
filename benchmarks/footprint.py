"""What a running demo costs: seconds to the first live edge, resident memory, free cores.

The floor of memory is as many bare Python processes; the start is printed as it is.
"""

import os
import subprocess
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

from benchmarks.running_mesh import RunningMesh, running_mesh

TICKS = os.sysconf("SC_CLK_TCK")
SETTLE_SECONDS = 5
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
    return kib * 1024 / 1e6


def idle_seconds() -> float:
    """Idle time of the whole machine since boot, over all cores."""
    fields = [int(x) for x in Path("/proc/stat").read_text().splitlines()[0].split()[1:]]
    return (fields[3] + fields[4]) / TICKS


NAMES = {
    "proxy.agent.keeper": "keeper",
    "proxy.agent": "agent",
    "telemetry.store.server": "store",
    "telemetry.collector": "collector",
    "mesh_web.celery worker": "worker",
    "mesh_web.beat beat": "beat",
    "valkey-server": "broker",
    "manage.py control": "control",
    "manage.py web": "web",
    "manage.py live": "live",
    "manage.py demo": "supervisor",
    "_bin/envoy": "Envoys",
    "demo.": "shop and load",
}
"""What a command line holds, and what that process is; the first that fits."""


def name_of(words: str) -> str:
    return next((name for part, name in NAMES.items() if part in words), words[:30])


def cpu_seconds(pid: int) -> float:
    """User and system time of one process so far; 0 when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS


def wait_for_edges(mesh: RunningMesh) -> float:
    began = time.monotonic()
    while time.monotonic() - began < 60:
        graph = mesh.call("GET", "/graph")
        if any(edge["requests_per_second"] > 0 for edge in graph["edges"]):
            return time.monotonic() - began
        time.sleep(0.1)
    raise RuntimeError("no edge carried traffic within a minute")


def main() -> None:
    with running_mesh(rate=5.0) as mesh:
        live = mesh.seconds + wait_for_edges(mesh)
        print(f"start to a live graph with traffic: {live:.1f} s (limit 20 s)")
        time.sleep(SETTLE_SECONDS)
        names = {pid: name_of(command(pid)) for pid in [mesh.pid, *children(mesh.pid)]}
        before = {pid: cpu_seconds(pid) for pid in names}
        idle = idle_seconds()
        time.sleep(IDLE_SECONDS)
        free = (idle_seconds() - idle) / IDLE_SECONDS
        memory: Counter[str] = Counter()
        cpu: defaultdict[str, float] = defaultdict(float)
        for pid, name in names.items():
            memory[name] += round(resident_mb(pid))
            cpu[name] += (cpu_seconds(pid) - before[pid]) / IDLE_SECONDS
        for name, cores in sorted(cpu.items(), key=lambda item: -item[1]):
            print(f"  {name:<14}{memory[name]:6d} MB{cores * 100:7.1f} % of a core")
        control = sum(memory.values()) - memory["Envoys"] - memory["shop and load"]
        processes = sum(1 for name in names.values() if name not in ("Envoys", "shop and load"))
        print(f"control plane resident: {control} MB (limit 1200 MB)")
        print(
            f"ratio to {processes} bare Python processes: {control / (bare_mb() * processes):.1f}x"
        )
        print(
            f"cores used by the idling demo: {sum(cpu.values()):.2f}; free: {free:.2f} of {os.cpu_count()}"
        )


def bare_mb() -> float:
    """Resident memory of a Python process that has loaded nothing: the floor."""
    pages = subprocess.run(
        [sys.executable, "-c", "print(open('/proc/self/statm').read())"],
        check=True, capture_output=True, text=True,
    ).stdout.split()[1]  # fmt: skip
    return int(pages) * 4096 / 1e6


if __name__ == "__main__":
    main()
