"""What the demo runs beside Meshweb itself: the carrier outside the mesh, and visitors."""

import sys

from django.conf import settings

from mesh_web.processes import Process

INGRESS_PORT = 8080
INGRESS_TLS_PORT = 8443
CARRIER_PORT = 8090
LOAD_CONTROL_PORT = 8091


def _port(number: int) -> int:
    return number + int(settings.PORT_OFFSET)


def table(rate: float = 10.0) -> tuple[Process, ...]:
    """`rate` is requests per second at the start."""
    carrier, control = _port(CARRIER_PORT), _port(LOAD_CONTROL_PORT)
    return (
        Process(
            name="carrier",
            argv=(
                sys.executable, "-m", "demo.shop.carrier", str(carrier),
            ),
            ready=f"tcp:127.0.0.1:{carrier}",
        ),
        Process(
            name="load",
            argv=(
                sys.executable, "-m", "demo.load",
                "--rate", f"{rate:g}",
                "--target", f"http://127.0.0.1:{_port(INGRESS_PORT)}",
                "--control-port", str(control),
            ),
            ready=f"tcp:127.0.0.1:{control}",
        ),
    )  # fmt: skip


def ports() -> dict[str, tuple[str, int]]:
    """What each port is for, and where: checked before anything starts."""
    return {
        purpose: ("127.0.0.1", _port(number))
        for purpose, number in (
            ("ingress gateway", INGRESS_PORT),
            ("ingress gateway, TLS", INGRESS_TLS_PORT),
            ("the demo's carrier", CARRIER_PORT),
            ("load generator's control", LOAD_CONTROL_PORT),
        )
    }
