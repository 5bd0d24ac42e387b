"""Who may send: programs of this host; others with the token."""

import hmac
import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import unquote

REFUSAL = "send `authorization: Bearer` with the token of MESHWEB_INGEST_TOKEN"
_GRPC_PEER = re.compile(r"ipv[46]:\[?([^\]%]*?)(?:%[^\]]*)?\]?:\d+")


class TokenMissing(ValueError):  # noqa: N818  says what is missing
    """The collector would be open to others."""


@dataclass(frozen=True, slots=True)
class Access:
    """Senders at loopback addresses need no `token`; with an empty one nobody else is heard."""

    token: str

    @staticmethod
    def of(bind: str, token: str) -> "Access":
        """Raises TokenMissing where others can reach `bind` and there is no token."""
        if not token and bind != "localhost" and not is_loopback(bind):
            raise TokenMissing(
                f"MESHWEB_INGEST_TOKEN must be set, for others than this host reach {bind}"
            )
        return Access(token)

    def allows(self, address: str, authorization: str) -> bool:
        """`address` of the peer, and its header ("" for none). Takes constant time."""
        if is_loopback(address):
            return True
        scheme, _, given = authorization.partition(" ")
        same = hmac.compare_digest(given.strip().encode(), self.token.encode())
        return bool(self.token) and same and scheme.lower() == "bearer"


def is_loopback(address: str) -> bool:
    """Of an IPv4 address in IPv6's form, too; False for what is no address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return (mapped or parsed).is_loopback


def grpc_address(peer: str) -> str:
    """The address in gRPC's name of a peer (`ipv4:127.0.0.1:80`, `ipv6:[::1]:80`); "" for others."""
    found = _GRPC_PEER.fullmatch(unquote(peer))
    return found.group(1) if found else ""
