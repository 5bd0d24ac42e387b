"""Jaeger's HTTP APIs under `/jaeger`, for whoever may read traces at all."""

from ninja import NinjaAPI

from mesh_web.accounts.auth import CLIENT_AUTH
from tracing.jaeger.http import handle_errors, router

jaeger = NinjaAPI(
    title="Jaeger",
    auth=list(CLIENT_AUTH),
    docs_url=None,
    openapi_url=None,
    urls_namespace="jaeger",
)
handle_errors(jaeger)
jaeger.add_router("", router)
