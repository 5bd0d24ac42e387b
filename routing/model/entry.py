"""One row of the catalogue of findings."""

from dataclasses import dataclass

from rest.contracts import Severity

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO


@dataclass(frozen=True, slots=True)
class Entry:
    """`sentence` is filled by `str.format`. `blocks` False: an error that is reported, and let be.

    Some errors of Istio's analyses are usual for a while (a subset whose pods are yet to come);
    they must not forbid a change.
    """

    severity: Severity
    sentence: str
    fix: str = ""
    blocks: bool = True
