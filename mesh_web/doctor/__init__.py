"""Meshweb looks at itself: before it starts, while it runs, and when asked."""

from mesh_web.doctor.here import here
from mesh_web.doctor.services import services

__all__ = ["here", "services"]
