"""Run this many pods of a workload.

meshweb scale payments-v1 3 -n shop
"""

from argparse import ArgumentParser, Namespace

from mesh_web.cli.server import Server, segment
from mesh_web.cli.writing import write_arguments, write_query, written


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("workload")
    parser.add_argument("replicas", type=int)
    parser.add_argument("-n", "--namespace", required=True)
    write_arguments(parser)


def run(options: Namespace, server: Server) -> int:
    path = f"/workloads/{segment(options.namespace)}/{segment(options.workload)}/scale"
    body = {"replicas": options.replicas}
    return written(options, server.call("PUT", path, write_query(options), body=body))
