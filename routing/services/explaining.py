"""What would become of a request, by the configuration in force or with a change on top of it."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from rest.contracts import Finding
from routing.changes import after_changes, changes_between
from routing.compile import Mesh
from routing.contracts import Document
from routing.explain import Explanation, MeshView, Question, Unclear, caller, explain
from routing.model.catalogue import finding
from routing.selectors import documents_in_force
from routing.services.apply import read
from routing.services.foresight import compiled_now
from routing.services.outcome import Refused
from topology.contracts import Pod, Registry

PORTS = {"http": 80, "https": 443}
SCHEMES = (*PORTS, "tcp", "tls")
NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
VALUE = re.compile(r"[\t\x20-\x7e\x80-\U0010ffff]*")
METHOD = re.compile(r"[A-Z]{1,32}")
PATH = re.compile(r"/[\x21-\x7e]*")
HOST = re.compile(r"[A-Za-z0-9_.*-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question as it was written. `documents` is YAML that is not in force yet."""

    source: str
    url: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    token: str = ""
    claims: Mapping[str, Any] | None = None
    client_address: str = "127.0.0.1"
    documents: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    caller: Pod
    question: Question
    explanation: Explanation


def explained(asked: Asked, now: float) -> Explained | Refused:
    """`now` is Unix seconds: tokens end."""
    documents = read(asked.documents) if asked.documents.strip() else ()
    if isinstance(documents, Refused):
        return documents
    mesh, running = _mesh(documents)
    view = MeshView(mesh.configs, running, settings.TRUST_DOMAIN)
    found = caller(running, asked.source)
    question = _question(asked, now)
    wrong = [one for one in (found, *question) if isinstance(one, (Finding, Unclear))]
    if isinstance(found, Unclear) or wrong:
        return Refused(findings=tuple(map(_finding, wrong)))
    asking = next(one for one in question if isinstance(one, Question))
    made = explain(view, found.pod, asking)
    notes = tuple(n for n in (found.note, *_secret_notes(documents), *made.notes) if n)
    return Explained(
        caller=found.pod,
        question=asking,
        explanation=Explanation(first=made.first, outcomes=made.outcomes, notes=notes),
    )


def _finding(one: Finding | Unclear) -> Finding:
    return finding("MSH1201", "", "source", one.message) if isinstance(one, Unclear) else one


def _mesh(pending: Iterable[Document]) -> tuple[Mesh, Registry]:
    before = documents_in_force()
    wanted = {one.key: one for one in pending if one.key.kind != "Secret"}
    changes = changes_between(before, wanted)
    return compiled_now(after_changes(before, changes), changes)


def _secret_notes(pending: Iterable[Document]) -> Iterator[str]:
    if any(one.key.kind == "Secret" for one in pending):
        yield "Secrets of a change that is not in force are not looked at"


# --- from words to a question ------------------------------------------------------------------


def _question(asked: Asked, now: float) -> tuple[Question | Finding, ...]:
    """The question, or all that is wrong with it."""
    parts = _parts(asked.url)
    wrong = [*_wrong_words(asked), *([parts] if isinstance(parts, Finding) else [])]
    if wrong or isinstance(parts, Finding):
        return tuple(wrong)
    named = {name.lower(): value for name, value in asked.headers}
    authority = named.get("host") or parts.netloc
    headers = tuple((n.lower(), v) for n, v in asked.headers if n.lower() != "host")
    if asked.token:
        headers = (*headers, ("authorization", f"Bearer {asked.token}"))
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return (
        Question(
            method=asked.method,
            scheme=parts.scheme,
            authority=authority,
            port=parts.port or PORTS[parts.scheme],
            path=path,
            headers=headers,
            claims=asked.claims,
            client_address=asked.client_address,
            at=now,
            server_name=parts.hostname or "",
        ),
    )


def _wrong_words(asked: Asked) -> Iterator[Finding]:
    if not METHOD.fullmatch(asked.method):
        yield finding("MSH1203", "", "method", asked.method, "a method like GET")
    for index, (name, value) in enumerate(asked.headers):
        if not NAME.fullmatch(name):
            yield finding("MSH1203", "", f"headers[{index}].name", name, "a header's name")
        if not VALUE.fullmatch(value):
            yield finding("MSH1203", "", f"headers[{index}].value", value, "a header's value")
    if asked.token and not re.fullmatch(r"[!-~]+", asked.token):
        yield finding("MSH1203", "", "token", "the token", "one word")
    if asked.token and asked.claims is not None:
        yield finding("MSH1022", "", "claims", "token, claims")
    if asked.claims is not None and not _is_json(asked.claims):
        yield finding("MSH1203", "", "claims", "it", "JSON")
    try:
        ip_address(asked.client_address)
    except ValueError:
        yield finding("MSH1203", "", "client_address", asked.client_address, "an IP address")


def _is_json(value: Any) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except (ValueError, RecursionError):
        return False
    return True


def _parts(url: str) -> SplitResult | Finding:
    written = url if "://" in url else f"http://{url}"
    try:
        parts = urlsplit(written)
        port = parts.port
    except ValueError as error:
        return finding("MSH1202", "", "url", url, str(error))
    reason = _objection(parts, port)
    return finding("MSH1202", "", "url", url, reason) if reason else parts


def _objection(parts: SplitResult, port: int | None) -> str:
    if parts.scheme not in SCHEMES:
        return f"its scheme is none of {', '.join(SCHEMES)}"
    if not HOST.fullmatch(parts.hostname or "") or "@" in parts.netloc:
        return "it names no host"
    if port is None and parts.scheme not in PORTS:
        return "it needs a port"
    if port == 0:
        return "there is no port 0"
    if parts.fragment:
        return "what follows # is never sent"
    if parts.path and not PATH.fullmatch(parts.path):
        return "its path has letters that must be written with %"
    if parts.query and not PATH.fullmatch(f"/{parts.query}"):
        return "its query has letters that must be written with %"
    return ""
