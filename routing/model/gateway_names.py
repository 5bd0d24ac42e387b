"""Gateways as VirtualServices name them."""

MESH = "mesh"
"""The name that stands for all sidecars."""


def gateway_names(written: tuple[str, ...], namespace: str) -> tuple[str, ...]:
    """Gateways as "namespace/name"; "mesh" stays."""
    return tuple(g if g == MESH or "/" in g else f"{namespace}/{g}" for g in written)
