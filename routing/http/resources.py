"""Resources: list, read, write, delete one."""

from datetime import UTC, datetime
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Header, Query, Router

from rest.access import require_write
from rest.contracts import Refusal
from rest.names import PathKind, PathName, QueryKind, QueryName
from rest.paging import Page, PageQuery, page_of
from rest.shapes import ERRORS, FindingOut
from routing.contracts import Document, ResourceKey, RevisionState
from routing.documents import plain
from routing.expiry import moment_of
from routing.http.answers import RESPONSES, Answer, WriteQuery, answer
from routing.http.applying import scope_of, terms
from routing.http.bodies import described, text_of, without_ours
from routing.http.schemas import MetadataOut, ResourceOut, key_of
from routing.http.statuses import AnyStatusOut, StatusOut, status_out
from routing.model.gateway_api import GROUP
from routing.models import Resource
from routing.moments import iso
from routing.selectors import (
    head_rows,
    head_states,
    heads,
    newest_accepted,
    published_at,
    states_of,
    versions_published,
    written_at,
)
from routing.services import apply, history
from routing.services.conditions import conditions_by_resource
from routing.services.judgement import findings_by_resource
from routing.services.outcome import Missing, Refused
from routing.steer.removal import removed
from topology import facade as topology

router = Router()

IfMatch = Annotated[str, Header("", alias="If-Match", pattern=r'^$|^\*$|^"?[0-9]{1,15}"?$')]
At = Annotated[
    str,
    Query(
        "",
        pattern=r"^([0-9]{1,15}|[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9:.]{8,18}([Zz]|[-+][0-9:]{5}))?$",
        description="a revision's number or an RFC 3339 time: what was in force then",
    ),
]
PATH = "/namespaces/{namespace}/{kind}/{name}"
EXAMPLE = """\
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: payments, namespace: shop}
spec: {host: payments, subsets: [{name: v1, labels: {version: v1}}]}
"""


@router.get("/resources", response={200: Page[ResourceOut], **ERRORS})
def list_resources(
    request: HttpRequest,
    query: Query[PageQuery],
    kind: QueryKind = "",
    namespace: QueryName = "",
    at: At = "",
) -> Page[ResourceOut]:
    """Resources, sorted by kind, namespace and name: the newest, or those in force once."""
    del request
    if at:
        return _past_page(at, kind, namespace, query)
    rows = page_of(head_rows(kind=kind, namespace=namespace), query, _sort_key)
    states = head_states(row.resource_version for row in rows.items)
    return Page(items=[_out(row, states) for row in rows.items], next=rows.next)


def _past_page(at: str, kind: str, namespace: str, query: PageQuery) -> Page[ResourceOut]:
    """What was in force at a revision or a moment."""
    found = (
        (document, written)
        for document, written in versions_published(_number_at(at))
        if kind in ("", document.key.kind) and namespace in ("", document.key.namespace)
    )
    rows = page_of(found, query, lambda pair: _name(pair[0].key))
    states = states_of(written for _, written in rows.items)
    living = heads(document.key for document, _ in rows.items)
    items = [
        past_resource(document, written, states[written], living.get(document.key))
        for document, written in rows.items
    ]
    return Page(items=items, next=rows.next)


def _number_at(at: str) -> int:
    if at.isdigit():
        number = int(at)
        if number and not history.exists(number):
            raise Refusal(404, "not_found", f"There is no revision {number}.", path="query.at")
        return number
    moment = moment_of(at)
    if moment is None:
        raise Refusal(422, "invalid", f"{at} is no RFC 3339 time.", path="query.at")
    return published_at(datetime.fromtimestamp(moment, UTC))


def past_resource(
    document: Document, written: int, state: RevisionState, head: Resource | None
) -> ResourceOut:
    """A version as it was. Findings and generations are those of now only."""
    same = head is not None and head.created.timestamp() == document.created_at
    return ResourceOut(
        apiVersion=document.api_version,
        kind=document.key.kind,
        metadata=MetadataOut(
            name=document.key.name,
            namespace=document.key.namespace,
            uid=str(head.uid) if head is not None and same else "",
            labels=dict(document.labels),
            annotations=dict(document.annotations),
            generation=0,
            resourceVersion=str(written),
            creationTimestamp=iso(document.created_at),
        ),
        spec=plain(document.spec),
        findings=[],
        status=StatusOut(revision=written, state=state),
    )


def _name(key: ResourceKey) -> str:
    return f"{key.kind}/{key.namespace}/{key.name}"


def _sort_key(row: Resource) -> str:
    return f"{row.kind}/{row.namespace}/{row.name}"


@router.get(PATH, response={200: ResourceOut, **ERRORS})
def get_resource(
    request: HttpRequest,
    response: HttpResponse,
    namespace: PathName,
    kind: PathKind,
    name: PathName,
) -> ResourceOut:
    """One resource, its version as ETag."""
    del request
    key = key_of(kind, namespace, name)
    row = next(iter(head_rows(kind=key.kind, namespace=key.namespace, name=key.name)), None)
    if row is None or row.namespace != key.namespace:
        raise Refusal(404, "not_found", f"There is no {key}.")
    response["ETag"] = f'"{row.resource_version}"'
    return _out(row, head_states([row.resource_version]))


@router.put(PATH, response=RESPONSES, openapi_extra=described(EXAMPLE))
def put_resource(
    request: HttpRequest,
    namespace: PathName,
    kind: PathKind,
    name: PathName,
    query: Query[WriteQuery],
    if_match: IfMatch = "",
) -> Answer:
    """Write one resource whole; the body must be the resource that the path names."""
    key = key_of(kind, namespace, name)
    require_write(request, scope_of(key))
    documents = apply.read(without_ours(text_of(request)))
    if isinstance(documents, Refused):
        return answer(documents, query)
    if len(documents) != 1 or documents[0].key != key:
        given = ", ".join(str(one.key) for one in documents)
        raise Refusal(422, "wrong_resource", f"The path names {key}, the body {given}.")
    conditions = apply.on_version(terms(request, query), key, _version(if_match))
    return answer(apply.change({key: documents[0]}, conditions), query)


@router.delete(PATH, response=RESPONSES)
def delete_resource(
    request: HttpRequest,
    namespace: PathName,
    kind: PathKind,
    name: PathName,
    query: Query[WriteQuery],
    if_match: IfMatch = "",
) -> Answer:
    """Delete one resource, and with a Namespace all that is in it, as one revision; 422 where others
    refer to what goes, unless `force` says so."""
    key = key_of(kind, namespace, name)
    require_write(request, scope_of(key))
    if not any(head_rows(kind=key.kind, namespace=key.namespace, name=key.name)):
        return answer(Missing(key=key), query)
    conditions = apply.on_version(terms(request, query), key, _version(if_match))
    return answer(apply.edit(lambda before: removed(key, before), conditions), query)


def _version(if_match: str) -> int | None:
    given = if_match.strip('"')
    return int(given) if given.isdigit() else None


def _out(row: Resource, states: dict[int, RevisionState]) -> ResourceOut:
    key = ResourceKey(row.kind, row.namespace, row.name)
    found = findings_by_resource(newest_accepted(), topology.generation()).get(str(key), ())
    return ResourceOut(
        apiVersion=row.api_version,
        kind=row.kind,
        metadata=MetadataOut(
            name=row.name,
            namespace=row.namespace,
            uid=str(row.uid),
            labels=row.labels,
            annotations=row.annotations,
            generation=row.generation,
            resourceVersion=str(row.resource_version),
            creationTimestamp=iso(row.created.timestamp()),
        ),
        spec=plain(row.spec),
        findings=[FindingOut.of(one) for one in found],
        status=_status(
            row,
            StatusOut(
                revision=row.resource_version,
                state=states.get(row.resource_version, RevisionState.ACCEPTED),
            ),
        ),
    )


def _status(row: Resource, own: StatusOut) -> AnyStatusOut:
    if not row.api_version.startswith(f"{GROUP}/"):
        return own
    known = conditions_by_resource(newest_accepted(), topology.generation())
    found = known.get(ResourceKey(row.kind, row.namespace, row.name))
    return status_out(own, found, row.generation, written_at(row.resource_version))
