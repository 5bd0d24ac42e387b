"""Resources: list, read, write, delete one."""

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Header, Query, Router

from rest.access import require_write
from rest.contracts import Refusal
from rest.names import PathKind, PathName, QueryKind, QueryName
from rest.paging import Page, PageQuery, page_of
from rest.shapes import ERRORS, FindingOut
from routing.contracts import ResourceKey, RevisionState
from routing.documents import plain
from routing.http.answers import RESPONSES, Answer, WriteQuery, answer
from routing.http.applying import scope_of, terms
from routing.http.bodies import described, text_of, without_ours
from routing.http.schemas import MetadataOut, ResourceOut, StatusOut, key_of
from routing.models import Resource
from routing.moments import iso
from routing.selectors import head_rows, newest_accepted, states_of
from routing.services import apply
from routing.services.judgement import findings_by_resource
from routing.services.outcome import Missing, Refused
from topology import facade as topology

router = Router()

IfMatch = Annotated[str, Header("", alias="If-Match", pattern=r'^$|^\*$|^"?[0-9]{1,15}"?$')]
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
) -> Page[ResourceOut]:
    """Resources in force, sorted by kind, namespace and name."""
    del request
    rows = page_of(head_rows(kind=kind, namespace=namespace), query, _sort_key)
    states = states_of(row.resource_version for row in rows.items)
    return Page(items=[_out(row, states) for row in rows.items], next=rows.next)


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
    return _out(row, states_of([row.resource_version]))


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
    """Delete one resource; 422 where others refer to it."""
    key = key_of(kind, namespace, name)
    require_write(request, scope_of(key))
    if not any(head_rows(kind=key.kind, namespace=key.namespace, name=key.name)):
        return answer(Missing(key=key), query)
    conditions = apply.on_version(terms(request, query), key, _version(if_match))
    return answer(apply.change({key: None}, conditions), query)


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
        status=StatusOut(
            revision=row.resource_version,
            state=states.get(row.resource_version, RevisionState.ACCEPTED),
        ),
    )
