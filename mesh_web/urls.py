"""Every path the web answers."""

from django.urls import URLPattern, URLResolver, include, path, re_path

from mesh_web.accounts.auth import caller_of_client
from mesh_web.accounts.http import log_in_once
from mesh_web.api import api, document
from mesh_web.jaeger import jaeger
from mesh_web.kiali import kiali
from mesh_web.pages import app_page
from mesh_web.probes import healthz, metrics, readyz
from metrics.api.paths import urlpatterns as prometheus

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/openapi.json", document),
    path("api/v1/", api.urls),
    path("prometheus/", include(prometheus(caller_of_client))),
    path("jaeger/", jaeger.urls),
    path("kiali/", kiali.urls),
    path("healthz", healthz),
    path("readyz", readyz),
    path("metrics", metrics),
    path("login/once/<str:word>", log_in_once),
    # the browser's own router knows the rest; api/ and ws/ stay 404
    re_path(r"^(?!api/|ws/|static/|prometheus/|jaeger/|kiali/).*$", app_page),
]
