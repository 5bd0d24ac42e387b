"""Canary weights of a service."""

from typing import Annotated

from django.http import HttpRequest
from ninja import Body, Query, Router
from pydantic import Field as Bounded

from rest.access import require_write
from rest.contracts import Refusal
from rest.names import PathName
from rest.shapes import ERRORS
from routing.http.answers import RESPONSES, Answer, WriteQuery, answer
from routing.http.applying import terms
from routing.selectors import documents_in_force
from routing.services import apply
from routing.services.outcome import Outcome
from routing.services.platform import registry
from routing.steer import weights
from routing.steer.ambiguous import Ambiguous
from topology.contracts import Registry, Service

router = Router()

PATH = "/namespaces/{namespace}/services/{name}/weights"
Weights = dict[str, Annotated[int, Bounded(ge=0, le=100, strict=True)]]


@router.get(PATH, response={200: Weights, **ERRORS})
def get_weights(request: HttpRequest, namespace: PathName, name: PathName) -> dict[str, int]:
    """Percent by version; without a rule, what the pods' numbers make of it."""
    del request
    running = registry()
    service = service_of(running, namespace, name)
    found = weights.read(service, running, documents_in_force())
    if isinstance(found, Ambiguous):
        raise ambiguous(found)
    return dict(found.weights)


@router.put(PATH, response=RESPONSES)
def put_weights(
    request: HttpRequest,
    namespace: PathName,
    name: PathName,
    query: Query[WriteQuery],
    shares: Annotated[Weights, Body(..., examples=[{"v1": 90, "v2": 10}])],
) -> Answer:
    """Give each version its percent of the default route; they add up to 100."""
    require_write(request, namespace)
    running = registry()
    service = service_of(running, namespace, name)

    def make(documents: apply.Documents) -> apply.Wanted | Ambiguous | weights.Invalid:
        written = weights.write(service, running, documents, shares)
        return {one.key: one for one in written} if isinstance(written, tuple) else written

    split = ", ".join(f"{version} {share} %" for version, share in sorted(shares.items()))
    outcome: Outcome | Ambiguous | weights.Invalid = apply.edit(
        make, terms(request, query, f"Weights of {namespace}/{name}: {split}")
    )
    if isinstance(outcome, Ambiguous):
        raise ambiguous(outcome)
    if isinstance(outcome, weights.Invalid):
        raise Refusal(422, "weights", f"{service.name}: {outcome.message}", path=outcome.path)
    return answer(outcome, query)


def service_of(running: Registry, namespace: str, name: str) -> Service:
    for one in running.services:
        if (one.namespace, one.name) == (namespace, name):
            return one
    raise Refusal(404, "not_found", f"There is no service {name} in {namespace}.")


def ambiguous(found: Ambiguous) -> Refusal:
    return Refusal(409, "ambiguous", f"{found.message} Edit the resource itself.")
