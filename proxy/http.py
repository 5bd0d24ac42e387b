"""REST over the fleet: `GET /proxies`, `/proxies/{id}`, `.../config_dump`."""

from collections.abc import Iterable
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Path, Query, Router, Schema

from proxy import selectors
from proxy.contracts import ProxyStatus
from proxy.fleet.dump import Served
from rest.contracts import Refusal
from rest.names import QueryName
from rest.paging import Page, PageQuery, page_of
from rest.shapes import ERRORS

router = Router(tags=["proxies"])

ProxyId = Annotated[str, Path(pattern=r"^[A-Za-z0-9~._-]+$", max_length=1024)]


class TypeOut(Schema):
    """`state` is SYNCED, STALE, NACK or NOT SENT; `version` and `acked_at` (Unix s) of the last ACK."""

    state: str
    version: str
    acked_at: float | None = None


class ProxyOut(Schema):
    """`types` has CDS, EDS, SDS, LDS and RDS; `certificate_expires_at` is Unix seconds."""

    id: str
    namespace: str
    pod: str
    workload: str
    connected: bool
    revision: int
    state: str
    types: dict[str, TypeOut]
    error: str = ""
    certificate_expires_at: float | None = None


class ServedOut(Schema):
    """One xDS resource; `config` is Envoy's message as JSON."""

    name: str
    version: str
    config: dict[str, Any]


class SecretNameOut(Schema):
    name: str
    version: str


class DumpOut(Schema):
    """Everything control serves a proxy; of secrets the names only."""

    proxy: str
    revision: int
    clusters: list[ServedOut]
    endpoints: list[ServedOut]
    listeners: list[ServedOut]
    routes: list[ServedOut]
    secrets: list[SecretNameOut]


@router.get("/proxies", response={200: Page[ProxyOut], **ERRORS}, summary="List proxies")
def proxies(
    request: HttpRequest,  # noqa: ARG001
    query: Query[PageQuery],
    namespace: QueryName,
) -> Page[ProxyOut]:
    return page_of(map(shown, selectors.proxies(namespace)), query, lambda one: one.id)


@router.get("/proxies/{proxy_id}", response={200: ProxyOut, **ERRORS}, summary="Read a proxy")
def proxy(request: HttpRequest, proxy_id: ProxyId) -> ProxyOut:  # noqa: ARG001
    found = selectors.proxy(proxy_id)
    if found is None:
        raise Refusal(404, "not_found", f"There is no proxy {proxy_id}.")
    return shown(found)


@router.get(
    "/proxies/{proxy_id}/config_dump",
    response={200: DumpOut, **ERRORS},
    summary="Read what a proxy is served",
)
def config_dump(request: HttpRequest, proxy_id: ProxyId) -> DumpOut:  # noqa: ARG001
    if selectors.proxy(proxy_id) is None:
        raise Refusal(404, "not_found", f"There is no proxy {proxy_id}.")
    served = selectors.served(proxy_id)
    if served is None:
        raise Refusal(503, "control_away", "No control process answers for this proxy now.")
    return DumpOut(
        proxy=proxy_id,
        revision=served.revision,
        clusters=_resources(served.types["CDS"]),
        endpoints=_resources(served.types["EDS"]),
        listeners=_resources(served.types["LDS"]),
        routes=_resources(served.types["RDS"]),
        secrets=[SecretNameOut(name=s.name, version=s.version) for s in served.types["SDS"]],
    )


def _resources(served: Iterable[Served]) -> list[ServedOut]:
    return [
        ServedOut(name=one.name, version=one.version, config=one.config or {}) for one in served
    ]


def shown(status: ProxyStatus) -> ProxyOut:
    return ProxyOut(
        id=status.id,
        namespace=status.namespace,
        pod=status.pod,
        workload=status.workload,
        connected=status.connected,
        revision=status.revision,
        state=status.state,
        types={
            one.name: TypeOut(state=one.state, version=one.version, acked_at=one.acked_at)
            for one in status.types
        },
        error=status.error,
        certificate_expires_at=status.certificate_expires_at,
    )
