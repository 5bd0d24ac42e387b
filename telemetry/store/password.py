"""The embedded store's password: made once, readable by its owner alone."""

import os
import secrets
import time
from pathlib import Path


def store_password(home: Path) -> str:
    """Read `home/store-password`, making it first where there is none."""
    kept = home / "store-password"
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        descriptor = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read(kept)
    with os.fdopen(descriptor, "w") as f:
        f.write(secrets.token_urlsafe(32))
    return _read(kept)


def _read(kept: Path) -> str:
    """Another process may be between creating the file and filling it."""
    for _ in range(100):
        text = kept.read_text().strip()
        if text:
            return text
        time.sleep(0.01)
    raise OSError(f"{kept} is empty")
