"""The values that cross the REST edge, the same for every app."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that is wrong, or worth saying, about one resource.

    `resource` reads "Kind namespace/name"; `path` is a YAML path such as
    `spec.http[0].route[1].weight`; both are empty where there is none.
    """

    code: str
    severity: Severity
    resource: str
    path: str
    message: str
    fix: str = ""


class Role(StrEnum):
    """What an account may do; each role includes the ones before it."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"


class Principal(Protocol):
    """Who makes a request (`request.auth`)."""

    @property
    def name(self) -> str: ...

    def may_write(self, namespace: str) -> bool:
        """Whether this principal may change resources of `namespace` ("" is the whole mesh)."""
        ...

    def may_write_something(self) -> bool:
        """Whether there is any resource that this principal may change."""
        ...

    def is_admin(self) -> bool: ...


class Refusal(Exception):  # noqa: N818  a refusal is an answer, not a failure
    """A 4xx answer decided deep inside a view; the API turns it into an `ErrorOut`."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        path: str = "",
        findings: tuple[Finding, ...] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.path = path
        self.findings = findings
