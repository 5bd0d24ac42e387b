"""Workloads steered through their Deployment: how many, and all anew."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Query, Router, Schema

from rest.access import require_write
from rest.names import PathName
from routing.contracts import ResourceKey
from routing.documents import plain
from routing.http.answers import RESPONSES, Answer, WriteQuery, answer
from routing.http.applying import terms
from routing.services import apply
from routing.services.outcome import Missing
from topology import facade as topology
from topology import manifests

router = Router()


class ScaleIn(Schema):
    replicas: int = Field(..., ge=0, le=manifests.MOST_REPLICAS)


@router.put("/workloads/{namespace}/{name}/scale", response=RESPONSES)
def scale_workload(
    request: HttpRequest,
    namespace: PathName,
    name: PathName,
    query: Query[WriteQuery],
    scale: ScaleIn,
) -> Answer:
    """Run this many pods of a workload."""
    require_write(request, namespace)
    key = ResourceKey("Deployment", namespace, name)
    conditions = terms(request, query, f"Scale {name} to {scale.replicas}")
    return _edit(key, query, conditions, lambda spec: topology.scaled(spec, scale.replicas))


@router.post("/workloads/{namespace}/{name}/restart", response=RESPONSES)
def restart_workload(
    request: HttpRequest, namespace: PathName, name: PathName, query: Query[WriteQuery]
) -> Answer:
    """Make every pod of a workload anew, new ones first."""
    require_write(request, namespace)
    key = ResourceKey("Deployment", namespace, name)
    now = timezone.now()
    conditions = terms(request, query, f"Restart {name}")
    return _edit(key, query, conditions, lambda spec: topology.restarted(spec, now))


def _edit(
    key: ResourceKey,
    query: WriteQuery,
    conditions: apply.Terms,
    edited: Callable[[dict[str, Any]], dict[str, Any]],
) -> Answer:
    """Another spec for a Deployment that is there."""

    def make(documents: apply.Documents) -> apply.Wanted | Missing:
        found = documents.get(key)
        if found is None:
            return Missing(key=key)
        return {key: replace(found, spec=edited(plain(found.spec)))}

    return answer(apply.edit(make, conditions), query)
