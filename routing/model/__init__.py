"""Istio's resources as frozen values, in its own words."""

from routing.model.authorization_policy import AuthorizationPolicy
from routing.model.destination_rule import DestinationRule
from routing.model.fallback import Fallback
from routing.model.gateway import Gateway
from routing.model.gateway_api import ApiGateway, ApiGatewayClass, ApiRoute, Grant
from routing.model.peer_authentication import PeerAuthentication
from routing.model.request_authentication import RequestAuthentication
from routing.model.service_entry import ServiceEntry
from routing.model.sidecar import Sidecar
from routing.model.suspend import Suspend
from routing.model.telemetry import Telemetry
from routing.model.virtual_service import VirtualService
from routing.model.workload_entry import WorkloadEntry

Resource = (
    VirtualService
    | DestinationRule
    | Gateway
    | ServiceEntry
    | PeerAuthentication
    | AuthorizationPolicy
    | RequestAuthentication
    | ApiRoute
    | ApiGateway
    | ApiGatewayClass
    | Grant
    | Sidecar
    | Telemetry
    | WorkloadEntry
    | Fallback
    | Suspend
)

__all__ = [
    "ApiGateway",
    "ApiGatewayClass",
    "ApiRoute",
    "AuthorizationPolicy",
    "DestinationRule",
    "Fallback",
    "Gateway",
    "Grant",
    "PeerAuthentication",
    "RequestAuthentication",
    "Resource",
    "ServiceEntry",
    "Sidecar",
    "Suspend",
    "Telemetry",
    "VirtualService",
    "WorkloadEntry",
]
