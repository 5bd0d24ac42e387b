"""mTLS modes of the mesh, a namespace, a workload."""

from typing import Literal

from django.http import HttpRequest
from ninja import Query, Router, Schema

from rest.access import require_write
from rest.contracts import Refusal
from rest.names import PathName
from rest.shapes import ERRORS
from routing.http.answers import RESPONSES, Answer, WriteQuery, answer
from routing.http.applying import terms
from routing.http.weights import ambiguous
from routing.ir import MtlsMode
from routing.selectors import documents_in_force
from routing.services import apply
from routing.services.platform import registry
from routing.steer import mtls
from routing.steer.ambiguous import Ambiguous
from topology.contracts import Registry, Workload

router = Router()

NAMESPACE = "/namespaces/{namespace}/mtls"
WORKLOAD = "/namespaces/{namespace}/workloads/{name}/mtls"
Mode = Literal["UNSET", "DISABLE", "PERMISSIVE", "STRICT"]


class ModeIn(Schema):
    """UNSET: nothing is said here, the wider scope holds."""

    mode: Mode


class ModeOut(Schema):
    """`source` names the resource that decides; empty for Istio's default."""

    mode: Mode
    effective: MtlsMode
    source: str


@router.get("/mtls", response={200: ModeOut, **ERRORS})
def get_mesh_mode(request: HttpRequest) -> ModeOut:
    """The mode of the whole mesh."""
    del request
    return _read(mtls.Scope())


@router.put("/mtls", response=RESPONSES)
def put_mesh_mode(request: HttpRequest, query: Query[WriteQuery], mode: ModeIn) -> Answer:
    """Set the mode of the whole mesh."""
    require_write(request, "")
    return _write(request, query, mtls.Scope(), mode, registry())


@router.get(NAMESPACE, response={200: ModeOut, **ERRORS})
def get_namespace_mode(request: HttpRequest, namespace: PathName) -> ModeOut:
    """The mode of a namespace."""
    del request
    _require_namespace(registry(), namespace)
    return _read(mtls.Scope(namespace=namespace))


@router.put(NAMESPACE, response=RESPONSES)
def put_namespace_mode(
    request: HttpRequest, namespace: PathName, query: Query[WriteQuery], mode: ModeIn
) -> Answer:
    """Set the mode of a namespace."""
    require_write(request, namespace)
    running = registry()
    _require_namespace(running, namespace)
    return _write(request, query, mtls.Scope(namespace=namespace), mode, running)


@router.get(WORKLOAD, response={200: ModeOut, **ERRORS})
def get_workload_mode(request: HttpRequest, namespace: PathName, name: PathName) -> ModeOut:
    """The mode of a workload."""
    del request
    workload = workload_of(registry(), namespace, name)
    return _read(mtls.Scope(namespace=namespace, workload=workload))


@router.put(WORKLOAD, response=RESPONSES)
def put_workload_mode(
    request: HttpRequest,
    namespace: PathName,
    name: PathName,
    query: Query[WriteQuery],
    mode: ModeIn,
) -> Answer:
    """Set the mode of a workload."""
    require_write(request, namespace)
    running = registry()
    workload = workload_of(running, namespace, name)
    scope = mtls.Scope(namespace=namespace, workload=workload)
    return _write(request, query, scope, mode, running)


def workload_of(running: Registry, namespace: str, name: str) -> Workload:
    for one in running.workloads:
        if (one.namespace, one.name) == (namespace, name):
            return one
    raise Refusal(404, "not_found", f"There is no workload {name} in {namespace}.")


def _require_namespace(running: Registry, namespace: str) -> None:
    if namespace not in {one.name for one in running.namespaces} | {mtls.ROOT_NAMESPACE}:
        raise Refusal(404, "not_found", f"There is no namespace {namespace}.")


def _read(scope: mtls.Scope) -> ModeOut:
    found = mtls.read(scope, documents_in_force())
    return ModeOut.model_validate(
        {
            "mode": found.mode,
            "effective": found.effective,
            "source": str(found.source) if found.source else "",
        }
    )


def _write(
    request: HttpRequest, query: WriteQuery, scope: mtls.Scope, mode: ModeIn, running: Registry
) -> Answer:
    def make(documents: apply.Documents) -> apply.Wanted | Ambiguous:
        written = mtls.write(scope, mode.mode, documents, running.workloads)
        return written if isinstance(written, Ambiguous) else {written.key: written}

    where = scope.workload.name if scope.workload else scope.namespace
    outcome = apply.edit(make, terms(request, query, f"mTLS of {where}: {mode.mode}"))
    if isinstance(outcome, Ambiguous):
        raise ambiguous(outcome)
    return answer(outcome, query)
