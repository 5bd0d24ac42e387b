"""The configuration over REST."""

from ninja import Router

from routing.http import (
    applying,
    explaining,
    mtls,
    resources,
    revisions,
    suspend,
    weights,
    workloads,
)

router = Router(tags=["configuration"])
for part in (applying, explaining, weights, mtls, suspend, workloads, resources, revisions):
    router.add_router("", part.router)

__all__ = ["router"]
