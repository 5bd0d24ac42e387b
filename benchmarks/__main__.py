"""`python -m benchmarks [NAME...]`: runs the benchmarks; without a name, all of them."""

import os
import subprocess
import sys

NAMES = (
    "checks",
    "trial",
    "promql",
    "push",
    "route_change",
    "graph",
    "new_edge",
    "fanout",
    "ingest",
    "samples",
    "traces",
    "footprint",
)
"""In order of how long they take."""


def main(chosen: list[str]) -> int:
    """The exit code: 1 if a benchmark failed, 2 if there is none of that name."""
    unknown = [name for name in chosen if name not in NAMES]
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there are {', '.join(NAMES)}")
        return 2
    environment = {"DJANGO_SETTINGS_MODULE": "mesh_web.settings", **os.environ}
    failed = 0
    for name in chosen or NAMES:
        print(f"== {name}", flush=True)
        words = [sys.executable, "-m", f"benchmarks.{name}"]
        failed |= subprocess.run(words, env=environment, check=False).returncode
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
