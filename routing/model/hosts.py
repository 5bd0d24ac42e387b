"""Host names: short ones are completed, wildcards compared."""

DOMAIN = "svc.cluster.local"


def full_host(host: str, namespace: str) -> str:
    """A host as written in a resource of `namespace` (Istio: a name without a dot is local)."""
    if "." in host or host == "*":
        return host
    return f"{host}.{namespace}.{DOMAIN}"


def covers(pattern: str, host: str) -> bool:
    """Whether a host or wildcard ("*", "*.example") includes another host or wildcard."""
    if pattern in (host, "*"):
        return True
    if not pattern.startswith("*"):
        return False
    return host.removeprefix("*").endswith(pattern[1:])


def overlap(one: str, other: str) -> bool:
    """Whether some host is covered by both."""
    return covers(one, other) or covers(other, one)


def specificity(pattern: str) -> tuple[int, int]:
    """Sorts patterns most specific first: exact ones, then wildcards by length, then "*"."""
    return (pattern.startswith("*"), -len(pattern))
