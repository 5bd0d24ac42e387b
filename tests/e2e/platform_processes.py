"""The data plane's processes, told from the control plane's by what they run."""

from tests.e2e.running import Running, command_line


def proxies_and_applications(mesh: Running) -> dict[int, str]:
    """Envoys and the shop's services below this supervisor, with when each started."""
    return {pid: began for pid, began in mesh.family().items() if is_data_plane(pid)}


def is_data_plane(pid: int) -> bool:
    words = command_line(pid)
    if not words:
        return False
    is_shop = any(w.startswith("demo.shop.") for w in words)
    # one that only judges configurations is control's, and ends with it
    is_proxy = words[0].rpartition("/")[2].startswith("envoy") and "validate" not in words
    return is_shop or is_proxy
