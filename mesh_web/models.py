"""Tables of the web: who may come in, and what they did."""

from mesh_web.accounts.models import Account, OneTimeLogin, Token
from mesh_web.audit.models import AuditEvent

__all__ = ["Account", "AuditEvent", "OneTimeLogin", "Token"]
