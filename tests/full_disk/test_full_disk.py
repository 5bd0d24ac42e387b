"""What happens when a disk is full, on small disks that are mounted for these tests alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
OWN_MOUNTS = ("unshare", "--mount", "--propagation", "private")
MOUNTS = (*OWN_MOUNTS, "mount", "-t", "tmpfs", "none", "/mnt")


@pytest.mark.parametrize("which", ["of_the_store", "of_the_database"])
def test_a_full_disk(which: str) -> None:
    """The tests of the file, in a mount namespace of their own."""
    if subprocess.run(MOUNTS, capture_output=True, check=False).returncode:
        pytest.skip("DISKS CANNOT BE MOUNTED HERE: nothing proves what happens when one is full")
    own = (sys.executable, "-m", "pytest", "-q", "-x", str(HERE / f"{which}.py"))
    ran = subprocess.run(
        [*OWN_MOUNTS, *own],
        cwd=ROOT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]
    assert " passed" in ran.stdout
