"""Who may come in, and what they may do there."""

from mesh_web.accounts.csrf import csrf_failure

__all__ = ["csrf_failure"]
