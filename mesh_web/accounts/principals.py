"""Who makes a request, as a value."""

from dataclasses import dataclass

from rest.access import ROOT_NAMESPACE
from rest.contracts import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """An account or a token. `namespaces` empty: bound to none, so free in all."""

    name: str
    role: Role
    namespaces: tuple[str, ...] = ()

    def may_write(self, namespace: str) -> bool:
        """See `rest.contracts.Principal`. What holds for the whole mesh needs an unbound caller."""
        if self.role is Role.VIEWER:
            return False
        if not self.namespaces:
            return True
        return namespace not in ("", ROOT_NAMESPACE) and namespace in self.namespaces

    def may_write_something(self) -> bool:
        return self.role is not Role.VIEWER

    def is_admin(self) -> bool:
        """A bound administrator would be a contradiction: accounts hold for the whole mesh."""
        return self.role is Role.ADMIN and not self.namespaces
