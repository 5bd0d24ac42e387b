"""Kiali's graph endpoints, read from our own store."""

import time
from collections.abc import Callable, Iterable

from django.http import HttpRequest, JsonResponse
from ninja import NinjaAPI, Router
from ninja.errors import AuthenticationError

from rest.contracts import Refusal
from telemetry.facade import edge_totals, requests_by
from topology.graph.configured import Resource
from topology.kiali.asked import Asked, AskedNode, BadParameter, parse
from topology.kiali.whole import whole
from topology.selectors import registry
from tracing.asking import asked as ask_store

Resources = Callable[[float], Iterable[Resource]]
"""The configuration that was in force at a time (Unix seconds)."""


def handle_errors(api: NinjaAPI) -> None:
    """Refusals in Kiali's words."""

    @api.exception_handler(AuthenticationError)
    def stranger(_request: HttpRequest, _given: AuthenticationError) -> JsonResponse:
        return _refused(401, "log in, or send a bearer token")

    @api.exception_handler(BadParameter)
    def bad(_request: HttpRequest, given: BadParameter) -> JsonResponse:
        return _refused(given.status, given.message)

    @api.exception_handler(Refusal)
    def refusal(_request: HttpRequest, given: Refusal) -> JsonResponse:
        return _refused(given.status, given.message)


def _refused(status: int, message: str) -> JsonResponse:
    return JsonResponse({"error": message}, status=status)


def router(resources: Resources) -> Router:
    routes = Router()

    def answer(request: HttpRequest, node: AskedNode | None = None) -> JsonResponse:
        asked = parse(_once(request), time.time(), node)
        return JsonResponse(_graph(asked, resources))

    def classified(request: HttpRequest, aggregate: str, node: AskedNode) -> JsonResponse:
        asked = parse({**_once(request), "aggregate": aggregate}, time.time(), node)
        return JsonResponse(_graph(asked, resources))

    @routes.get("/api/namespaces/graph")
    def of_namespaces(request: HttpRequest) -> JsonResponse:
        """The graph of `namespaces`."""
        return answer(request)

    @routes.get("/api/namespaces/{namespace}/workloads/{name}/graph")
    def of_workload(request: HttpRequest, namespace: str, name: str) -> JsonResponse:
        """A workload and those it talks with."""
        return answer(request, _node(request, namespace, workload=name))

    @routes.get("/api/namespaces/{namespace}/applications/{name}/graph")
    def of_app(request: HttpRequest, namespace: str, name: str) -> JsonResponse:
        """An app and those it talks with."""
        return answer(request, _node(request, namespace, app=name))

    @routes.get("/api/namespaces/{namespace}/applications/{name}/versions/{version}/graph")
    def of_version(request: HttpRequest, namespace: str, name: str, version: str) -> JsonResponse:
        """One version of an app and those it talks with."""
        return answer(request, _node(request, namespace, app=name, version=version))

    @routes.get("/api/namespaces/{namespace}/services/{name}/graph")
    def of_service(request: HttpRequest, namespace: str, name: str) -> JsonResponse:
        """A service, who calls it, and who answers."""
        return answer(request, _node(request, namespace, service=name))

    @routes.get("/api/namespaces/{namespace}/aggregates/{aggregate}/{value}/graph")
    def of_aggregate(
        request: HttpRequest, namespace: str, aggregate: str, value: str
    ) -> JsonResponse:
        """Requests of one class, who sends them and who answers."""
        return classified(request, aggregate, _node(request, namespace, aggregate_value=value))

    @routes.get("/api/namespaces/{namespace}/aggregates/{aggregate}/{value}/{service}/graph")
    def of_service_aggregate(
        request: HttpRequest, namespace: str, aggregate: str, value: str, service: str
    ) -> JsonResponse:
        """Requests of one class to one service."""
        node = _node(request, namespace, aggregate_value=value, service=service)
        return classified(request, aggregate, node)

    return routes


def _once(request: HttpRequest) -> dict[str, str]:
    for name, given in request.GET.lists():
        if len(given) > 1:
            raise BadParameter(f"Parameter [{name}] is there more than once")
    return request.GET.dict()


def _node(request: HttpRequest, namespace: str, **names: str) -> AskedNode:
    cluster = request.GET.get("clusterName", "") or "unknown"
    return AskedNode(namespace=namespace, cluster=cluster, **names)


def _graph(asked: Asked, resources: Resources) -> dict[str, object]:
    start, end = float(asked.at - asked.seconds), float(asked.at)
    edges = ask_store(lambda _: edge_totals(start, end, idle=asked.idle_edges))
    return whole(
        asked,
        edges,
        registry(),
        lambda: resources(end),
        lambda label: ask_store(lambda _: requests_by(start, end, label)),
    )
