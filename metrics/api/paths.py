"""Every path under `/prometheus`."""

from collections.abc import Callable
from functools import partial

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, re_path
from django.views.decorators.csrf import csrf_exempt

from metrics.api import federate, names, query, remote, rules, status, targets
from metrics.api.envelope import ApiError, Authenticate, ErrorType, View, reading

_READ_OR_FORM: dict[str, View] = {
    "query": query.instant,
    "query_range": query.ranged,
    "query_exemplars": query.query_exemplars,
    "format_query": query.format_query,
    "parse_query": query.parse_query,
    "labels": names.labels,
    "series": names.series,
}
_READ: dict[str, View] = {
    "label/<str:name>/values": names.label_values,
    "metadata": names.metadata,
    "rules": rules.rules,
    "alerts": rules.alerts,
    "targets": targets.targets,
    "targets/metadata": targets.metadata,
    "scrape_pools": targets.scrape_pools,
    "alertmanagers": status.alertmanagers,
    "notifications": status.notifications,
    "status/config": status.config,
    "status/quotas": targets.quotas,
    "status/flags": status.flags,
    "status/buildinfo": status.buildinfo,
    "status/runtimeinfo": status.runtimeinfo,
    "status/tsdb": status.tsdb,
    "status/walreplay": status.walreplay,
}


def urlpatterns(authenticate: Authenticate) -> list[URLPattern]:
    """`authenticate` knows a caller by its request; it refuses sessions' writes without CSRF."""

    def views(methods: tuple[str, ...], table: dict[str, View]) -> list[URLPattern]:
        guard = reading(authenticate, methods)
        return [path(f"api/v1/{where}", _opened(guard(view))) for where, view in table.items()]

    get = reading(authenticate)
    post = reading(authenticate, ("POST",))
    return [
        *views(("GET", "POST"), _READ_OR_FORM),
        *views(("GET",), _READ),
        path("api/v1/read", _opened(post(remote.read))),
        path("api/v1/write", _opened(post(partial(remote.write, authenticate=authenticate)))),
        path("federate", get(federate.federate)),
        path("-/ready", status.ready),
        path("-/healthy", status.ready),
        re_path(r"^api/", _opened(get(_unknown))),
    ]


def _opened(view: View) -> Callable[..., HttpResponse]:
    """Clients with tokens have no CSRF cookie; `authenticate` asks sessions for theirs."""
    return csrf_exempt(view)


def _unknown(request: HttpRequest) -> HttpResponse:
    raise ApiError(ErrorType.NOT_FOUND, f"there is no {request.path} here")
