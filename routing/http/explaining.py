"""POST /explain: what becomes of a request, and why."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema

from rest.contracts import Refusal
from rest.shapes import ERRORS
from routing.explain.answer import Hop, Outcome
from routing.http.bodies import MOST_BYTES
from routing.services.explaining import Asked, Explained, explained
from routing.services.outcome import Refused

router = Router()


class HeaderIn(Schema):
    name: str = Field(..., min_length=1, max_length=256)
    value: str = Field("", max_length=8192)


class ExplainIn(Schema):
    """A request. `token` is shown as a bearer; `claims` are those of a token taken for valid.

    `documents` is YAML as it would be applied: the answer is what would happen then.
    """

    source: str = Field(..., max_length=512, description="namespace/name of whoever asks")
    url: str = Field(..., min_length=1, max_length=8192)
    method: str = Field("GET", max_length=32)
    headers: list[HeaderIn] = Field(default_factory=list, max_length=100)
    token: str = Field("", max_length=16384)
    claims: dict[str, Any] | None = None
    client_address: str = Field("127.0.0.1", max_length=64)
    documents: str = Field("", max_length=MOST_BYTES)


class CallerOut(Schema):
    namespace: str
    workload: str
    pod: str


class AskedOut(Schema):
    method: str
    scheme: str
    authority: str
    port: int
    path: str
    headers: list[tuple[str, str]]


class ExplanationOut(Schema):
    """The way of the request, hop after hop, and how it may end; shares are percent."""

    source: CallerOut
    request: AskedOut
    first: Hop
    outcomes: list[Outcome]
    notes: list[str]


@router.post("/explain", response={200: ExplanationOut, **ERRORS})
def explain_request(request: HttpRequest, asked: ExplainIn) -> ExplanationOut:
    """Say which way a request goes, and why; nothing is sent and nothing changes."""
    del request
    found = explained(question_of(asked), timezone.now().timestamp())
    if isinstance(found, Refused):
        first = found.findings[0]
        where = f"{first.path}: " if first.path else ""
        raise Refusal(422, "findings", f"{where}{first.message}", findings=found.findings)
    return answer(found)


def question_of(asked: ExplainIn) -> Asked:
    return Asked(
        source=asked.source,
        url=asked.url,
        method=asked.method,
        headers=tuple((one.name, one.value) for one in asked.headers),
        token=asked.token,
        claims=asked.claims,
        client_address=asked.client_address,
        documents=asked.documents,
    )


def answer(found: Explained) -> ExplanationOut:
    caller, question, explanation = found.caller, found.question, found.explanation
    return ExplanationOut(
        source=CallerOut(namespace=caller.namespace, workload=caller.workload, pod=caller.name),
        request=AskedOut(
            method=question.method,
            scheme=question.scheme,
            authority=question.authority,
            port=question.port,
            path=question.path,
            headers=list(question.headers),
        ),
        first=explanation.first,
        outcomes=list(explanation.outcomes),
        notes=list(explanation.notes),
    )
