"""Every kind that is read, its versions and its fields."""

from collections.abc import Mapping
from dataclasses import dataclass

from routing.parse.fields.authorization_policy import AUTHORIZATION_POLICY
from routing.parse.fields.destination_rule import DESTINATION_RULE
from routing.parse.fields.fallback import FALLBACK
from routing.parse.fields.gateway import GATEWAY
from routing.parse.fields.gateway_api import (
    API_GATEWAY,
    GATEWAY_CLASS,
    GRPC_ROUTE,
    HTTP_ROUTE,
    REFERENCE_GRANT,
    TCP_ROUTE,
    TLS_ROUTE,
)
from routing.parse.fields.peer_authentication import PEER_AUTHENTICATION
from routing.parse.fields.request_authentication import REQUEST_AUTHENTICATION
from routing.parse.fields.service_entry import SERVICE_ENTRY
from routing.parse.fields.sidecar import SIDECAR
from routing.parse.fields.suspend import SUSPEND
from routing.parse.fields.telemetry import TELEMETRY as TELEMETRY_FIELDS
from routing.parse.fields.virtual_service import VIRTUAL_SERVICE
from routing.parse.fields.workload_entry import WORKLOAD_ENTRY
from routing.parse.schema import ANYTHING, Type, later

NETWORKING = tuple(f"networking.istio.io/{v}" for v in ("v1", "v1beta1", "v1alpha3"))
SECURITY = tuple(f"security.istio.io/{v}" for v in ("v1", "v1beta1"))
TELEMETRY = tuple(f"telemetry.istio.io/{v}" for v in ("v1", "v1alpha1"))
MESHWEB = ("meshweb.dev/v1",)
EXTENSIONS = ("extensions.istio.io/v1alpha1",)
GATEWAY_API = tuple(
    f"gateway.networking.k8s.io/{v}" for v in ("v1", "v1beta1", "v1alpha3", "v1alpha2")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """`api_versions` has the preferred one first; `spec` is the type of the spec."""

    api_versions: tuple[str, ...]
    spec: Type
    cluster_scoped: bool = False
    gateway_api: Type | None = None

    def spec_of(self, api_version: str) -> Type:
        """Two groups have a kind of the name Gateway."""
        if self.gateway_api is not None and api_version in GATEWAY_API:
            return self.gateway_api
        return self.spec


KINDS: Mapping[str, Kind] = {
    "VirtualService": Kind(api_versions=NETWORKING, spec=VIRTUAL_SERVICE),
    "DestinationRule": Kind(api_versions=NETWORKING, spec=DESTINATION_RULE),
    "Gateway": Kind(
        api_versions=(*NETWORKING, *GATEWAY_API), spec=GATEWAY, gateway_api=API_GATEWAY
    ),
    "ServiceEntry": Kind(api_versions=NETWORKING, spec=SERVICE_ENTRY),
    "WorkloadEntry": Kind(api_versions=NETWORKING, spec=WORKLOAD_ENTRY),
    "Sidecar": Kind(api_versions=NETWORKING, spec=SIDECAR),
    "WorkloadGroup": Kind(api_versions=NETWORKING, spec=later(ANYTHING)),
    "ProxyConfig": Kind(api_versions=NETWORKING, spec=later(ANYTHING)),
    "EnvoyFilter": Kind(api_versions=NETWORKING[2:], spec=later(ANYTHING)),
    "WasmPlugin": Kind(api_versions=EXTENSIONS, spec=later(ANYTHING)),
    "PeerAuthentication": Kind(api_versions=SECURITY, spec=PEER_AUTHENTICATION),
    "RequestAuthentication": Kind(api_versions=SECURITY, spec=REQUEST_AUTHENTICATION),
    "AuthorizationPolicy": Kind(api_versions=SECURITY, spec=AUTHORIZATION_POLICY),
    "Telemetry": Kind(api_versions=TELEMETRY, spec=TELEMETRY_FIELDS),
    "HTTPRoute": Kind(api_versions=GATEWAY_API, spec=HTTP_ROUTE),
    "GRPCRoute": Kind(api_versions=GATEWAY_API, spec=GRPC_ROUTE),
    "TLSRoute": Kind(api_versions=GATEWAY_API, spec=TLS_ROUTE),
    "TCPRoute": Kind(api_versions=GATEWAY_API, spec=TCP_ROUTE),
    "UDPRoute": Kind(api_versions=GATEWAY_API, spec=later(ANYTHING)),
    "BackendTLSPolicy": Kind(api_versions=GATEWAY_API, spec=later(ANYTHING)),
    "ListenerSet": Kind(api_versions=GATEWAY_API, spec=later(ANYTHING)),
    "ReferenceGrant": Kind(api_versions=GATEWAY_API, spec=REFERENCE_GRANT),
    "GatewayClass": Kind(api_versions=GATEWAY_API, spec=GATEWAY_CLASS, cluster_scoped=True),
    "Fallback": Kind(api_versions=MESHWEB, spec=FALLBACK),
    "Suspend": Kind(api_versions=MESHWEB, spec=SUSPEND),
    "Namespace": Kind(api_versions=("v1",), spec=ANYTHING, cluster_scoped=True),
    "ServiceAccount": Kind(api_versions=("v1",), spec=ANYTHING),
    "Service": Kind(api_versions=("v1",), spec=ANYTHING),
    "Secret": Kind(api_versions=("v1",), spec=ANYTHING),
    "Deployment": Kind(api_versions=("apps/v1",), spec=ANYTHING),
}
