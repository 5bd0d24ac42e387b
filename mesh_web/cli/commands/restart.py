"""Make every pod of a workload anew, new ones first.

meshweb restart payments-v1 -n shop
"""

from argparse import ArgumentParser, Namespace

from mesh_web.cli.server import Server, segment
from mesh_web.cli.writing import write_arguments, write_query, written


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("workload")
    parser.add_argument("-n", "--namespace", required=True)
    write_arguments(parser)


def run(options: Namespace, server: Server) -> int:
    path = f"/workloads/{segment(options.namespace)}/{segment(options.workload)}/restart"
    return written(options, server.call("POST", path, write_query(options)))
