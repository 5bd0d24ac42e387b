"""Kiali's graph under `/kiali`, for whoever may read the mesh at all."""

from ninja import NinjaAPI

from mesh_web.accounts.auth import CLIENT_AUTH
from mesh_web.live.sources import resources_at
from topology.kiali_http import handle_errors, router

kiali = NinjaAPI(
    title="Kiali",
    auth=list(CLIENT_AUTH),
    docs_url=None,
    openapi_url=None,
    urls_namespace="kiali",
)
handle_errors(kiali)
kiali.add_router("", router(resources_at))
