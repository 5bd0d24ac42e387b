"""Take a service or a workload out of traffic, and put it back.

meshweb suspend service/reviews -n shop --for 10m --reason "disk full" --wait
meshweb suspend workload/reviews-v2 -n shop
meshweb suspend service/reviews -n shop --resume
meshweb suspend service/reviews -n shop --status
"""

from argparse import ArgumentParser, Namespace

from mesh_web.cli import exits, output
from mesh_web.cli.exits import USAGE, Stop
from mesh_web.cli.server import Server, segment
from mesh_web.cli.writing import write_arguments, write_query, written

KINDS = {
    "service": "services",
    "services": "services",
    "svc": "services",
    "workload": "workloads",
    "workloads": "workloads",
    "deployment": "workloads",
    "deploy": "workloads",
}


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("what", metavar="service/NAME|workload/NAME")
    parser.add_argument("-n", "--namespace", required=True)
    parser.add_argument("--for", dest="lasts", default="", metavar="10m", help="then put it back")
    parser.add_argument("--reason", default="", help="told to callers of a service")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--resume", action="store_true", help="put it back into traffic")
    what.add_argument("--status", action="store_true", help="only say whether it is suspended")
    write_arguments(parser)


def run(options: Namespace, server: Server) -> int:
    path = path_of(options)
    if options.status:
        return show(options, server, path)
    if options.resume:
        return written(options, server.call("DELETE", path, write_query(options)))
    body = {"expires": options.lasts, "reason": options.reason}
    return written(options, server.call("PUT", path, write_query(options), body=body))


def show(options: Namespace, server: Server, path: str) -> int:
    found = server.get(path)
    row = (
        "suspended" if found["suspended"] else "in traffic",
        found["expires_at"],
        found["reason"],
        found["source"],
    )
    output.show(options.output, found, ("STATE", "UNTIL", "REASON", "SOURCE"), [row])
    return exits.OK


def path_of(options: Namespace) -> str:
    kind, slash, name = options.what.partition("/")
    if not slash or not name or kind.lower() not in KINDS:
        raise Stop(USAGE, f"{options.what} is nothing to suspend; write service/NAME.")
    where = f"/namespaces/{segment(options.namespace)}"
    return f"{where}/{KINDS[kind.lower()]}/{segment(name)}/suspend"
