"""ServiceEntry: a service that the registry does not know."""

from dataclasses import dataclass
from enum import StrEnum

from routing.model.metadata import Metadata
from routing.model.networks import is_network
from topology.contracts import AppProtocol, Labels


class Resolution(StrEnum):
    NONE = "NONE"
    STATIC = "STATIC"
    DNS = "DNS"
    DNS_ROUND_ROBIN = "DNS_ROUND_ROBIN"
    DYNAMIC_DNS = "DYNAMIC_DNS"


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryPort:
    number: int
    name: str
    protocol: AppProtocol
    target_port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryEndpoint:
    """`ports` maps the entry's port names to this endpoint's own numbers."""

    address: str
    ports: tuple[tuple[str, int], ...] = ()
    labels: Labels = ()
    weight: int = 1
    service_account: str = ""
    locality: str = ""

    @property
    def is_named(self) -> bool:
        """Whether somebody must resolve its address, which is neither one nor a Unix socket."""
        if self.address.startswith("unix://"):
            return False
        return not is_network(self.address) or "/" in self.address


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceEntry:
    """`internal` is location MESH_INTERNAL. `selector` picks pods of its own namespace."""

    metadata: Metadata
    hosts: tuple[str, ...]
    ports: tuple[EntryPort, ...] = ()
    internal: bool = False
    resolution: Resolution = Resolution.NONE
    endpoints: tuple[EntryEndpoint, ...] = ()
    selector: Labels = ()
    sans: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
