"""Istio's resources as frozen values, in its own words."""

from routing.model.destination_rule import DestinationRule
from routing.model.gateway import Gateway
from routing.model.peer_authentication import PeerAuthentication
from routing.model.service_entry import ServiceEntry
from routing.model.virtual_service import VirtualService

Resource = VirtualService | DestinationRule | Gateway | ServiceEntry | PeerAuthentication

__all__ = [
    "DestinationRule",
    "Gateway",
    "PeerAuthentication",
    "Resource",
    "ServiceEntry",
    "VirtualService",
]
