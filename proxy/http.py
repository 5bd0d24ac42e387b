"""REST over the fleet: proxies and how far each is; what their Envoys say (`proxy.envoys`)."""

from django.http import HttpRequest
from ninja import Query, Router, Schema

from proxy import selectors
from proxy.breakers import http as breakers
from proxy.contracts import ProxyStatus
from proxy.envoys import configuration, logging
from proxy.envoys.naming import ProxyId, known
from rest.names import QueryName
from rest.paging import Page, PageQuery, page_of
from rest.shapes import ERRORS

router = Router(tags=["proxies"])
for part in (configuration, logging, breakers):
    router.add_router("", part.router)


class TypeOut(Schema):
    """`state` is SYNCED, STALE, NACK or NOT SENT. Times are Unix seconds.

    `version` and `acked_at` are of the last ACK, `wanted` is what control serves, `error` what the
    proxy says of what it refuses.
    """

    state: str
    version: str
    acked_at: float | None = None
    wanted: str = ""
    sent_at: float | None = None
    error: str = ""


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


@router.get("/proxies", response={200: Page[ProxyOut], **ERRORS}, summary="List proxies")
def proxies(
    request: HttpRequest,  # noqa: ARG001
    query: Query[PageQuery],
    namespace: QueryName,
) -> Page[ProxyOut]:
    return page_of(map(shown, selectors.proxies(namespace)), query, lambda one: one.id)


@router.get("/proxies/{proxy_id}", response={200: ProxyOut, **ERRORS}, summary="Read a proxy")
def proxy(request: HttpRequest, proxy_id: ProxyId) -> ProxyOut:  # noqa: ARG001
    return shown(known(proxy_id))


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
            one.name: TypeOut(
                state=one.state,
                version=one.version,
                acked_at=one.acked_at,
                wanted=one.wanted,
                sent_at=one.sent_at,
                error=one.error,
            )
            for one in status.types
        },
        error=status.error,
        certificate_expires_at=status.certificate_expires_at,
    )
