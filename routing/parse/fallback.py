"""Reads a Fallback."""

import re

from routing.contracts import Document
from routing.ir import Answer, Failing
from routing.model.fallback import MAX_BODY_BYTES, Fallback
from routing.model.virtual_service import Destination
from routing.parse.notes import Note, Spec, items, metadata_of, part, text, texts

HEADER_NAME = re.compile(r"[A-Za-z0-9!#$&'*+.^_`|~-]{1,128}")
HEADER_VALUE = re.compile(r"[\x20-\x7e\x80-\uffff]{0,1024}")
MAX_HEADERS = 32
OWN_HEADERS = frozenset({"content-length", "transfer-encoding", "connection", "host"})


def fallback(document: Document, note: Note) -> Fallback:
    spec = document.spec
    given = [key for key in ("destination", "response") if spec.get(key) is not None]
    if not given:
        note("MSH1140", "spec")
    on = tuple(Failing(word) for word in dict.fromkeys(items(spec, "on")))
    if given == ["destination"]:
        for index, word in enumerate(items(spec, "on")):
            if word != Failing.UNAVAILABLE:
                note("MSH1141", f"spec.on[{index}]", word)
    return Fallback(
        metadata=metadata_of(document),
        host=text(spec, "host"),
        subset=text(spec, "subset"),
        routes=texts(spec, "routes"),
        destination=destination(part(spec, "destination")) if "destination" in given else None,
        answer=answer(part(spec, "response"), note) if "response" in given else None,
        on=on or (Failing.UNAVAILABLE,),
    )


def destination(given: Spec) -> Destination:
    return Destination(
        host=text(given, "host"),
        subset=text(given, "subset"),
        port=part(given, "port").get("number"),
    )


def answer(given: Spec, note: Note) -> Answer:
    body = text(given, "body")
    if len(body.encode("utf-8", "surrogatepass")) > MAX_BODY_BYTES:
        note("MSH1142", "spec.response.body", MAX_BODY_BYTES)
    headers = part(given, "headers")
    if len(headers) > MAX_HEADERS:
        note("MSH1021", "spec.response.headers", "headers", f"at most {MAX_HEADERS}")
    for name, value in headers.items():
        plain = HEADER_NAME.fullmatch(name) and HEADER_VALUE.fullmatch(value)
        if not plain or name.lower() in OWN_HEADERS:
            note("MSH1143", f"spec.response.headers.{name}", name)
    content_type = text(given, "contentType")
    if not HEADER_VALUE.fullmatch(content_type):
        note("MSH1143", "spec.response.contentType", "content-type")
    return Answer(
        status=given.get("status") or 503,
        body=body,
        content_type=content_type or "text/plain",
        headers=tuple(sorted((name.lower(), value) for name, value in headers.items())),
    )
