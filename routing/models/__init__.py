"""Configuration at rest: heads, history, revisions, secrets. Only this app touches them."""

from routing.models.resource import Resource, ResourceVersion
from routing.models.revision import Ledger, Revision
from routing.models.secret import StoredSecret

__all__ = ["Ledger", "Resource", "ResourceVersion", "Revision", "StoredSecret"]
