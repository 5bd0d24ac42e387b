"""What Istio's API server accepts: a schema and rules per kind."""

from collections.abc import Iterator, Mapping
from typing import Any

from routing.checks.crds.extensions import ENVOY_FILTER, WASM_PLUGIN
from routing.checks.crds.gateway import GATEWAY, SIDECAR
from routing.checks.crds.language import Problem, Shape, problems
from routing.checks.crds.security import (
    AUTHORIZATION_POLICY,
    PEER_AUTHENTICATION,
    REQUEST_AUTHENTICATION,
)
from routing.checks.crds.service_entry import SERVICE_ENTRY
from routing.checks.crds.telemetry import TELEMETRY
from routing.checks.crds.traffic_policy import DESTINATION_RULE
from routing.checks.crds.virtual_service import VIRTUAL_SERVICE
from routing.checks.crds.workloads import ENTRY, PROXY_CONFIG, WORKLOAD_GROUP

NETWORKING, SECURITY = "networking.istio.io", "security.istio.io"
SCHEMAS: Mapping[tuple[str, str], Shape] = {
    (NETWORKING, "VirtualService"): VIRTUAL_SERVICE,
    (NETWORKING, "DestinationRule"): DESTINATION_RULE,
    (NETWORKING, "Gateway"): GATEWAY,
    (NETWORKING, "ServiceEntry"): SERVICE_ENTRY,
    (NETWORKING, "Sidecar"): SIDECAR,
    (NETWORKING, "WorkloadEntry"): ENTRY,
    (NETWORKING, "WorkloadGroup"): WORKLOAD_GROUP,
    (NETWORKING, "ProxyConfig"): PROXY_CONFIG,
    (NETWORKING, "EnvoyFilter"): ENVOY_FILTER,
    (SECURITY, "PeerAuthentication"): PEER_AUTHENTICATION,
    (SECURITY, "RequestAuthentication"): REQUEST_AUTHENTICATION,
    (SECURITY, "AuthorizationPolicy"): AUTHORIZATION_POLICY,
    ("telemetry.istio.io", "Telemetry"): TELEMETRY,
    ("extensions.istio.io", "WasmPlugin"): WASM_PLUGIN,
}
NEEDS_SPEC = frozenset({"ServiceEntry", "WorkloadEntry", "WorkloadGroup"})


def refusals(group: str, kind: str, body: Mapping[str, Any]) -> Iterator[Problem]:
    """Why an object would be refused; nothing for kinds without a schema."""
    schema = SCHEMAS.get((group, kind))
    if schema is None:
        return
    if "spec" in body:
        yield from problems(body["spec"], schema, "spec")
    elif kind in NEEDS_SPEC:
        yield "spec", "spec is required"
