"""The REST API: every app's router, mounted once."""

import json
import threading
from functools import cache

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from ninja import NinjaAPI

from mesh_web.accounts.auth import AUTH
from mesh_web.accounts.http import router as accounts
from mesh_web.audit.http import router as audit
from mesh_web.live.http import router as live
from metrics.http import router as rules
from proxy.http import router as proxies
from proxy.identity.http import router as certificates
from rest.errors import handle_errors
from routing import facade
from routing.http import router as routing
from topology.http import router as registry
from tracing.http import router as traces

api = NinjaAPI(
    title="Meshweb",
    version="1",
    description="A service mesh you can see and steer.",
    auth=list(AUTH),
    docs_url=None,
    openapi_url=None,  # `document` answers it
    urls_namespace="api",
)
handle_errors(api)

for router in (
    accounts,
    audit,
    live,
    routing,
    registry(facade.view),
    proxies,
    certificates,
    traces,
    rules,
):
    api.add_router("", router)

_writing = threading.Lock()


@require_safe
def document(_request: HttpRequest) -> HttpResponse:
    """`GET /api/v1/openapi.json`, for everybody."""
    with _writing:  # whoever comes while it is written waits instead of writing it, too
        body = _document()
    return HttpResponse(body, content_type="application/json")


@cache
def _document() -> bytes:
    """The OpenAPI document. It takes the better part of a second of computing, and never changes."""
    return json.dumps(api.get_openapi_schema()).encode()
