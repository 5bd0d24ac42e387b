"""Where requests are sent besides."""

from routing.compile.weights import Reachable, resolve
from routing.ir import Mirror
from routing.model.virtual_service import HttpMirror


def mirrors(
    given: tuple[HttpMirror, ...], namespace: str, port: int, known: Reachable
) -> tuple[Mirror, ...]:
    """Mirrors to what does not exist are left out."""
    found = ((m, resolve(m.destination, namespace, port, known)) for m in given)
    return tuple(Mirror(cluster=name, percent=m.percent) for m, name in found if name)
