"""A process' lines in a file of bounded size, of which one predecessor is kept."""

from pathlib import Path
from types import TracebackType
from typing import IO

MOST_BYTES = 5_000_000


class LogFile:
    """Appends to `path`; None keeps nothing. A disk that is full costs lines, never the process."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file: IO[str] | None = None

    def __enter__(self) -> "LogFile":
        self._open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, text: str) -> None:
        if self._file is None or self._path is None:
            return
        try:
            self._file.write(text)
            if self._file.tell() > MOST_BYTES:
                self._file.close()
                self._path.replace(self._path.with_suffix(".log.1"))
                self._open()
        except OSError:
            self._file = None

    def _open(self) -> None:
        if self._path is None:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = self._path.open("a", buffering=1)
        except OSError:
            self._file = None
