"""List the certificates that the proxies hold.

meshweb cert -n shop
"""

from argparse import ArgumentParser, Namespace

from mesh_web.cli import exits, output
from mesh_web.cli.server import Server


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("-n", "--namespace", default="", help="without it: every namespace")


def run(options: Namespace, server: Server) -> int:
    found = list(server.items("/certificates", {"namespace": options.namespace}))
    head = ("PROXY", "WORKLOAD", "EXPIRES")
    rows = [
        (f"{one['pod']}.{one['namespace']}", one["workload"], output.moment(one["expires_at"]))
        for one in found
    ]
    output.show(options.output, {"items": found}, head, rows, empty="No proxy is connected.")
    return exits.OK
