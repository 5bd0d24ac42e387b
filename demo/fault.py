"""Dial the fault of payments v2 while it runs: python -m demo.fault --errors 20 --latency 300"""

import ipaddress
import json
import os
import sys
from argparse import ArgumentParser
from pathlib import Path
from urllib.request import ProxyHandler, Request, build_opener

PORT = 8080


def application_address(pod_address: str) -> str:
    """Where a pod's application itself listens: the pod's address in the next /16 network."""
    return str(ipaddress.IPv4Address(pod_address) + 0x10000)


def dial(pod_address: str, error_percent: float, latency_ms: float) -> None:
    """Set the fault of one pod. Raises OSError when it does not take it."""
    body = json.dumps({"error_percent": error_percent, "latency_ms": latency_ms}).encode()
    url = f"http://{application_address(pod_address)}:{PORT}/fault"
    request = Request(url, body, {"Content-Type": "application/json"}, method="POST")
    with build_opener(ProxyHandler({})).open(request, timeout=5):
        pass


def main() -> None:
    parser = ArgumentParser(prog="python -m demo.fault", description=__doc__)
    parser.add_argument("--errors", type=float, default=0.0, help="percent of charges that fail")
    parser.add_argument("--latency", type=float, default=0.0, help="milliseconds added to each")
    given = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mesh_web.settings")
    from django.conf import settings  # noqa: PLC0415  needs the variable above

    from demo.start import Api, DemoFailed  # noqa: PLC0415  the same

    try:
        token = (Path(settings.HOME) / "admin-token").read_text().strip()
        pods = Api(f"http://127.0.0.1:{settings.HTTP_PORT}", token).pods_of("shop", "payments-v2")
        for pod in pods:
            dial(pod["address"], given.errors, given.latency)
    except (OSError, DemoFailed) as error:
        sys.exit(f"demo.fault: is the demo running? {error}")
    sys.stdout.write(
        f"payments v2: {given.errors:g} % errors, {given.latency:g} ms later, in {len(pods)} pods\n"
    )


if __name__ == "__main__":
    main()
