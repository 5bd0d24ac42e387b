"""What a part finds when it looks at itself."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """`said` is what was found, a sentence without a full stop; `mend` says what to do where not `ok`.

    Nothing can work while one that is `fatal` is not ok.
    """

    name: str
    ok: bool
    said: str
    mend: str = ""
    fatal: bool = False
