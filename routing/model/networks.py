"""Addresses and blocks of them."""

import ipaddress


def is_network(written: str) -> bool:
    """An address, or a block like 10.0.0.0/8."""
    try:
        ipaddress.ip_network(written, strict=False)
    except ValueError:
        return False
    return True
