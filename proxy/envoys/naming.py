"""Proxies as paths name them."""

from typing import Annotated

from ninja import Path

from proxy import selectors
from proxy.contracts import ProxyStatus
from rest.contracts import Refusal

ProxyId = Annotated[str, Path(pattern=r"^[A-Za-z0-9~._-]+$", max_length=1024)]


def known(proxy_id: str) -> ProxyStatus:
    """The proxy that a path names; 404 where there is none."""
    found = selectors.proxy(proxy_id)
    if found is None:
        raise Refusal(404, "not_found", f"There is no proxy {proxy_id}.")
    return found
