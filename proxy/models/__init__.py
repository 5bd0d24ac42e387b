"""Tables of the proxy app; only this app touches them."""

from proxy.models.fleet import ProxyRow
from proxy.models.identity import CertificateAuthority, JoinToken

__all__ = ["CertificateAuthority", "JoinToken", "ProxyRow"]
