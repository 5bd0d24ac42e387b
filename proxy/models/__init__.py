"""Tables of the proxy app; only this app touches them."""

from proxy.models.fleet import ControlProcess, MtlsChange, ProxyRow
from proxy.models.identity import CertificateAuthority, HeldIdentity, JoinToken, RootRotation

__all__ = [
    "CertificateAuthority",
    "ControlProcess",
    "HeldIdentity",
    "JoinToken",
    "MtlsChange",
    "ProxyRow",
    "RootRotation",
]
