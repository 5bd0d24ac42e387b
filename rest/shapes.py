"""The shapes every answer may have: a finding, an error. Only `http.py` files need them."""

from collections.abc import Mapping

from ninja import Schema
from pydantic import Field

from rest.contracts import Finding, Severity


class FindingOut(Schema):
    code: str
    severity: Severity
    resource: str
    path: str
    message: str
    fix: str = ""

    @staticmethod
    def of(finding: Finding) -> "FindingOut":
        return FindingOut(
            code=finding.code,
            severity=finding.severity,
            resource=finding.resource,
            path=finding.path,
            message=finding.message,
            fix=finding.fix,
        )


class ErrorOut(Schema):
    """The one error shape. `code` is stable, `message` is a sentence, `path` says where."""

    code: str
    message: str
    path: str = ""
    findings: list[FindingOut] = Field(default_factory=list)


ERRORS: Mapping[int, type[ErrorOut]] = {
    400: ErrorOut,
    401: ErrorOut,
    403: ErrorOut,
    404: ErrorOut,
    405: ErrorOut,
    409: ErrorOut,
    412: ErrorOut,
    413: ErrorOut,
    415: ErrorOut,
    422: ErrorOut,
    429: ErrorOut,
    503: ErrorOut,
}
"""Declared on every operation (`response={200: X, **ERRORS}`), so the schema stays true."""
