"""Delete a resource, and with a Namespace all that is in it; refused where others refer to it.

meshweb delete vs payments -n shop --wait
meshweb delete namespace shop --dry-run
"""

from argparse import ArgumentParser, Namespace

from mesh_web.cli.exits import USAGE, Stop
from mesh_web.cli.kinds import WITHOUT_NAMESPACE, kind_of
from mesh_web.cli.server import Server, segment
from mesh_web.cli.writing import write_arguments, write_query, written


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("kind")
    parser.add_argument("name")
    parser.add_argument("-n", "--namespace", default="")
    write_arguments(parser)


def run(options: Namespace, server: Server) -> int:
    kind = kind_of(options.kind)
    if not kind:
        raise Stop(USAGE, "Name the kind of what shall go.")
    if kind not in WITHOUT_NAMESPACE and not options.namespace:
        raise Stop(USAGE, f"Say in which namespace {options.name} is: -n NAMESPACE.")
    namespace = segment(options.namespace or options.name)
    path = f"/namespaces/{namespace}/{segment(kind)}/{segment(options.name)}"
    return written(options, server.call("DELETE", path, write_query(options)))
