"""Which virtual host Envoy picks: exact names, then "*.x" and "x.*" (the longest first), then "*"."""

from collections.abc import Callable, Iterator

from routing.explain.answer import PickedHost
from routing.explain.question import without_port
from routing.ir import RouteConfig, VirtualHost

EXACT, SUFFIX, PREFIX, REST = "exact name", "longest *suffix", "longest prefix*", "everything else"


def pick(table: RouteConfig, authority: str) -> tuple[VirtualHost, PickedHost] | None:
    """None where no domain takes the name."""
    name = compared(table, authority)
    for how, takes in ORDER:
        found = max(
            ((len(d), host, d) for host, d in domains(table) if takes(d.lower(), name)),
            key=lambda one: one[0],
            default=None,
        )
        if found is not None:
            _, host, domain = found
            return host, PickedHost(name=host.name, domain=domain, how=how)
    return None


def compared(table: RouteConfig, authority: str) -> str:
    """The Host as domains are compared with it."""
    name = authority.lower()
    bare = without_port(name)
    port = name[len(bare) :]
    bare = bare.removesuffix(".")
    return bare if table.ignore_port else f"{bare}{port}"


def domains(table: RouteConfig) -> Iterator[tuple[VirtualHost, str]]:
    for host in table.virtual_hosts:
        for domain in host.domains:
            yield host, domain


def _exact(domain: str, name: str) -> bool:
    return domain == name


def _suffix(domain: str, name: str) -> bool:
    rest = domain[1:]
    return len(domain) > 1 and domain[0] == "*" and name.endswith(rest) and len(name) > len(rest)


def _prefix(domain: str, name: str) -> bool:
    rest = domain[:-1]
    return len(domain) > 1 and domain[-1] == "*" and name.startswith(rest) and len(name) > len(rest)


def _rest(domain: str, name: str) -> bool:  # noqa: ARG001  as the others
    return domain == "*"


ORDER: tuple[tuple[str, Callable[[str, str], bool]], ...] = (
    (EXACT, _exact),
    (SUFFIX, _suffix),
    (PREFIX, _prefix),
    (REST, _rest),
)
