"""Exit codes, and the ways a command ends early."""

from collections.abc import Iterable, Mapping
from typing import Any

OK = 0
FINDINGS = 1
"""Something was found, differs, was refused, or is not there."""
USAGE = 2
AWAY = 3
"""No server answers, or it cannot do its work now."""


class Stop(Exception):  # noqa: N818  an end with a sentence, not a failure
    """Ends a command with an exit code and a sentence that says what to do."""

    def __init__(self, code: int, message: str, findings: Iterable[Mapping[str, Any]] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.findings = tuple(findings)
