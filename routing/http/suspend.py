"""Workloads and services out of traffic, and back."""

from dataclasses import replace

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema
from pydantic import BaseModel

from rest.access import require_write
from rest.contracts import Refusal
from rest.names import PathName
from rest.shapes import ERRORS
from routing import expiry
from routing.http.answers import RESPONSES, Answer, WriteQuery, answer
from routing.http.applying import terms
from routing.http.mtls import workload_of
from routing.http.weights import service_of
from routing.moments import iso
from routing.selectors import documents_in_force
from routing.services import apply
from routing.services.outcome import Outcome
from routing.services.platform import registry
from routing.steer import suspend
from routing.steer.suspend import Target

router = Router()

WORKLOAD = "/namespaces/{namespace}/workloads/{name}/suspend"
SERVICE = "/namespaces/{namespace}/services/{name}/suspend"


class SuspendIn(BaseModel):
    """`expires` (10m) counts before the one of the query; without either it stays suspended."""

    expires: str = Field("", pattern="^(([0-9]{1,9}(ms|s|m|h|d)){1,5})?$")
    reason: str = Field("", max_length=200)


class SuspendOut(Schema):
    """`expires_at` is RFC 3339; `source` names the resource. All are empty while it is in traffic."""

    suspended: bool
    reason: str = ""
    expires_at: str = ""
    source: str = ""


class NotSuspended:
    """There is nothing to put back."""


@router.get(WORKLOAD, response={200: SuspendOut, **ERRORS})
def get_suspended_workload(request: HttpRequest, namespace: PathName, name: PathName) -> SuspendOut:
    """Whether a workload is out of traffic."""
    del request
    workload_of(registry(), namespace, name)
    return _read(Target(what="workload", namespace=namespace, name=name))


@router.put(WORKLOAD, response=RESPONSES)
def suspend_workload(
    request: HttpRequest,
    namespace: PathName,
    name: PathName,
    query: Query[WriteQuery],
    given: SuspendIn | None = None,
) -> Answer:
    """Take a workload's pods out of traffic; requests under way end as they would."""
    require_write(request, namespace)
    workload_of(registry(), namespace, name)
    target = Target(what="workload", namespace=namespace, name=name)
    return _suspend(request, query, target, given)


@router.delete(WORKLOAD, response=RESPONSES)
def resume_workload(
    request: HttpRequest, namespace: PathName, name: PathName, query: Query[WriteQuery]
) -> Answer:
    """Put a workload back into traffic."""
    require_write(request, namespace)
    return _resume(request, query, Target(what="workload", namespace=namespace, name=name))


@router.get(SERVICE, response={200: SuspendOut, **ERRORS})
def get_suspended_service(request: HttpRequest, namespace: PathName, name: PathName) -> SuspendOut:
    """Whether a service is out of traffic."""
    del request
    service_of(registry(), namespace, name)
    return _read(Target(what="service", namespace=namespace, name=name))


@router.put(SERVICE, response=RESPONSES)
def suspend_service(
    request: HttpRequest,
    namespace: PathName,
    name: PathName,
    query: Query[WriteQuery],
    given: SuspendIn | None = None,
) -> Answer:
    """Answer a service's callers with its Fallback, or with 503 and why."""
    require_write(request, namespace)
    service_of(registry(), namespace, name)
    target = Target(what="service", namespace=namespace, name=name)
    return _suspend(request, query, target, given)


@router.delete(SERVICE, response=RESPONSES)
def resume_service(
    request: HttpRequest, namespace: PathName, name: PathName, query: Query[WriteQuery]
) -> Answer:
    """Put a service back into traffic."""
    require_write(request, namespace)
    return _resume(request, query, Target(what="service", namespace=namespace, name=name))


def _read(target: Target) -> SuspendOut:
    found = suspend.read(target, documents_in_force())
    if not found:
        return SuspendOut(suspended=False)
    ends = [expiry.expires_at(one) for one in found]
    last = max((end for end in ends if end is not None), default=None)
    return SuspendOut(
        suspended=True,
        reason=str(found[0].spec.get("reason") or ""),
        expires_at="" if last is None or None in ends else iso(last),
        source=str(found[0].key),
    )


def _suspend(
    request: HttpRequest, query: WriteQuery, target: Target, given: SuspendIn | None
) -> Answer:
    asked = given or SuspendIn.model_validate({})

    def make(documents: apply.Documents) -> apply.Wanted:
        made = suspend.suspend(target, asked.reason, documents)
        return {made.key: made}

    on = terms(request, query, f"Suspend {target}")
    outcome: Outcome = apply.edit(make, replace(on, expires=asked.expires or query.expires))
    return answer(outcome, query)


def _resume(request: HttpRequest, query: WriteQuery, target: Target) -> Answer:
    def make(documents: apply.Documents) -> apply.Wanted | NotSuspended:
        return suspend.resume(target, documents) or NotSuspended()

    outcome: Outcome | NotSuspended = apply.edit(make, terms(request, query, f"Resume {target}"))
    if isinstance(outcome, NotSuspended):
        raise Refusal(404, "not_found", f"The {target} is not suspended.")
    return answer(outcome, query)
