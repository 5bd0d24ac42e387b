"""Read or set the mTLS mode of the mesh, a namespace or a workload.

meshweb mtls
meshweb mtls STRICT -n shop --wait
meshweb mtls UNSET -n shop --workload payments-v1
"""

from argparse import ArgumentParser, Namespace

from mesh_web.cli import exits, output
from mesh_web.cli.exits import USAGE, Stop
from mesh_web.cli.server import Server, segment
from mesh_web.cli.writing import write_arguments, write_query, written

MODES = ("UNSET", "DISABLE", "PERMISSIVE", "STRICT")


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("mode", nargs="?", default="", type=str.upper, metavar="|".join(MODES))
    parser.add_argument("-n", "--namespace", default="", help="without it: the whole mesh")
    parser.add_argument("--workload", default="")
    write_arguments(parser)


def run(options: Namespace, server: Server) -> int:
    path = path_of(options)
    if options.mode:
        if options.mode not in MODES:
            raise Stop(USAGE, f"{options.mode} is no mode; write one of {', '.join(MODES)}.")
        body = {"mode": options.mode}
        return written(options, server.call("PUT", path, write_query(options), body=body))
    found = server.get(path)
    row = (found["mode"], found["effective"], found["source"])
    output.show(options.output, found, ("MODE", "EFFECTIVE", "SOURCE"), [row])
    return exits.OK


def path_of(options: Namespace) -> str:
    if options.workload and not options.namespace:
        raise Stop(USAGE, f"Say in which namespace {options.workload} is: -n NAMESPACE.")
    if not options.namespace:
        return "/mtls"
    inside = f"/workloads/{segment(options.workload)}" if options.workload else ""
    return f"/namespaces/{segment(options.namespace)}{inside}/mtls"
