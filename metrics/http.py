"""REST of files of rules."""

import time
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router, Schema

from metrics import services
from metrics.models import RuleFile
from metrics.rules.parse import MAX_BYTES, Parsed
from rest.access import require_write
from rest.contracts import Finding, Refusal
from rest.paging import Page, PageQuery, page_of
from rest.shapes import ERRORS, FindingOut

router = Router(tags=["rules"])

FileName = Annotated[str, Path(pattern=r"^[a-zA-Z0-9]([-a-zA-Z0-9._]{0,251}[a-zA-Z0-9])?$")]


class RuleGroupOut(Schema):
    """`interval` and `took` in seconds, `evaluated_at` in Unix seconds. `missed`: evaluations that
    were never made, for nobody ran them in time."""

    name: str
    interval: float
    rules: int
    evaluated_at: float | None
    took: float
    missed: int


class RuleFileOut(Schema):
    """`on_disk`: it is one of MESHWEB_RULE_FILES and cannot be changed here."""

    name: str
    on_disk: bool
    text: str
    groups: list[RuleGroupOut]
    findings: list[FindingOut]


class RulesCheckedOut(Schema):
    """`stored`: false for a dry run."""

    name: str
    stored: bool
    groups: int
    rules: int
    findings: list[FindingOut]


@router.get("/rule-files", response={200: Page[RuleFileOut], **ERRORS})
def list_rule_files(request: HttpRequest, query: Query[PageQuery]) -> Page[RuleFileOut]:
    """All files of recording and alerting rules, with the state of their groups."""
    del request
    files = RuleFile.objects.prefetch_related("groups")
    return page_of(map(_shown, files), query, lambda one: one.name)


@router.get("/rule-files/{name}", response={200: RuleFileOut, **ERRORS})
def read_rule_file(request: HttpRequest, name: FileName) -> RuleFileOut:
    """One file that was put here."""
    del request
    return _shown(_found(name))


@router.put(
    "/rule-files/{name}",
    response={200: RulesCheckedOut, **ERRORS},
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/yaml": {"schema": {"type": "string"}}},
        }
    },
)
def put_rule_file(
    request: HttpRequest, name: FileName, *, dry_run: bool = False
) -> RulesCheckedOut:
    """Replace a file of rules (Prometheus's YAML); with errors nothing is changed (422)."""
    require_write(request, "")
    if len(request.body) > MAX_BYTES:
        raise Refusal(413, "too_large", f"A file of rules has at most {MAX_BYTES} bytes.")
    if not request.body:
        raise Refusal(422, "invalid", "Send the file's YAML as the body.")
    text = request.body.decode(errors="replace")
    parsed = services.read(text, name)
    _refuse_errors(parsed)
    if not parsed.groups:
        raise Refusal(422, "invalid", "The file has no groups of rules; DELETE takes a file away.")
    if not dry_run:
        services.put_file(name, text, int(time.time() * 1000))
    return RulesCheckedOut(
        name=name,
        stored=not dry_run,
        groups=len(parsed.groups),
        rules=sum(len(group.rules) for group in parsed.groups),
        findings=[FindingOut.of(one) for one in parsed.findings],
    )


@router.delete("/rule-files/{name}", response={204: None, **ERRORS})
def delete_rule_file(request: HttpRequest, name: FileName) -> HttpResponse:
    """Its rules end, and with them their series and alerts."""
    require_write(request, "")
    _found(name)
    services.delete_file(name, int(time.time() * 1000))
    return HttpResponse(status=204)


def _found(name: str) -> RuleFile:
    file = RuleFile.objects.filter(name=name, on_disk=False).first()
    if file is None:
        raise Refusal(404, "not_found", f"There is no file of rules {name}.")
    return file


def _refuse_errors(parsed: Parsed) -> None:
    if not parsed.sound:
        message = "The rules have errors; nothing was changed."
        raise Refusal(422, "invalid", message, findings=parsed.findings)


def _shown(file: RuleFile) -> RuleFileOut:
    rules = {one.name: len(one.rules) for one in services.read(file.text, file.name).groups}
    groups = sorted(file.groups.all(), key=lambda one: one.place)
    return RuleFileOut(
        name=file.name,
        on_disk=file.on_disk,
        text=file.text,
        groups=[
            RuleGroupOut(
                name=one.name,
                interval=one.interval_ms / 1000,
                rules=rules.get(one.name, 0),
                evaluated_at=None if one.evaluated_at_ms is None else one.evaluated_at_ms / 1000,
                took=one.took_seconds,
                missed=one.missed,
            )
            for one in groups
        ],
        findings=[FindingOut.of(Finding(**one)) for one in file.findings],
    )
