"""What other apps may ask of the fleet."""

from proxy.breakers.selectors import marks
from proxy.contracts import ProxyStatus, TypeStatus
from proxy.selectors import proxies, proxy

__all__ = ["ProxyStatus", "TypeStatus", "marks", "proxies", "proxy"]
