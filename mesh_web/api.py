"""The REST API: every app's router, mounted once."""

from ninja import NinjaAPI

from mesh_web.accounts.auth import AUTH
from mesh_web.accounts.http import router as accounts
from mesh_web.audit.http import router as audit
from mesh_web.live.http import router as live
from proxy.http import router as proxies
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
    urls_namespace="api",
)
handle_errors(api)

for router in (accounts, audit, live, routing, registry(facade.view), proxies, traces):
    api.add_router("", router)
