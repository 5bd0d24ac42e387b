"""What every resource has, whatever its kind."""

from dataclasses import dataclass

from routing.contracts import ResourceKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """`export_to` holds namespaces, "*" for all, "~" for none ("." is resolved); never empty."""

    key: ResourceKey
    created_at: float = 0.0
    export_to: tuple[str, ...] = ("*",)

    @property
    def age(self) -> tuple[float, str, str]:
        """Sorts resources that claim the same thing: the first one wins (Istio's precedence)."""
        return (self.created_at, self.key.name, self.key.namespace)

    @property
    def for_all(self) -> bool:
        """Whether every namespace sees it."""
        return "*" in self.export_to

    def visible_to(self, namespace: str) -> bool:
        return self.for_all or namespace in self.export_to
