"""Tables of the topology app."""

from topology.models.generation import Generation
from topology.models.manifest import Manifest
from topology.models.pod import LocalPort, PodRow

__all__ = ["Generation", "LocalPort", "Manifest", "PodRow"]
