"""What is asked: a request, and how it reaches a proxy."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

Headers = tuple[tuple[str, str], ...]
"""(lower-case name, value) as sent; a name may come twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as one proxy gets it. `path` has its query; a CONNECT request has none.

    `claims` are those of a token that is taken for valid without being looked at.
    """

    method: str
    scheme: str
    authority: str
    path: str
    headers: Headers = ()
    claims: Mapping[str, Any] | None = None

    def header(self, name: str) -> str | None:
        """The value as Envoy compares it: several are joined by commas; pseudo headers too."""
        if name in (":authority", "host"):
            return self.authority
        if name.startswith(":"):
            return {":method": self.method, ":path": self.path, ":scheme": self.scheme}.get(name)
        found = [value for key, value in self.headers if key == name]
        return ",".join(found) if found else None

    def values(self, name: str) -> tuple[str, ...]:
        """Every value by itself, as matchers look at them."""
        whole = self.header(name)
        if whole is None or name.startswith(":") or name == "host":
            return () if whole is None else (whole,)
        return tuple(value for key, value in self.headers if key == name)

    @property
    def is_grpc(self) -> bool:
        kind = self.header("content-type") or ""
        return kind == "application/grpc" or kind.startswith("application/grpc+")

    def without(self, names: Iterable[str]) -> "Request":
        gone = {name.lower() for name in names}
        return replace(self, headers=tuple(h for h in self.headers if h[0] not in gone))

    def with_header(self, name: str, value: str) -> "Request":
        """The header has this value alone."""
        kept = self.without([name])
        return replace(kept, headers=(*kept.headers, (name.lower(), value)))

    def with_another(self, name: str, value: str) -> "Request":
        return replace(self, headers=(*self.headers, (name.lower(), value)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """How a request reaches a listener. `principal` is the client's SPIFFE ID ("": none shown)."""

    tls: bool = False
    sni: str = ""
    principal: str = ""
    address: str = "127.0.0.1"
    to_address: str = ""
    to_port: int = 0

    @property
    def is_mesh(self) -> bool:
        return bool(self.principal)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What would become of a request that the application of a workload makes.

    `at` is Unix seconds (tokens end), `client_address` where a gateway's client comes from. A client
    of TLS asks for `server_name` ("": the authority's host).
    """

    method: str
    scheme: str
    authority: str
    port: int
    path: str
    headers: Headers = ()
    claims: Mapping[str, Any] | None = field(default=None)
    client_address: str = "127.0.0.1"
    at: float = 0.0
    server_name: str = ""

    @property
    def host(self) -> str:
        """The authority without its port."""
        return without_port(self.authority)


def without_port(authority: str) -> str:
    name, colon, port = authority.rpartition(":")
    return name if colon and port.isdigit() and not name.endswith(":") else authority


def joined(headers: Headers) -> Iterator[tuple[str, str]]:
    """Each name once, as an application sees it that joins what comes twice."""
    for name in dict.fromkeys(name for name, _ in headers):
        yield name, ",".join(value for key, value in headers if key == name)
