"""Take back what a revision changed, as a new revision.

meshweb revert 12 --wait
"""

from argparse import ArgumentParser, Namespace

from mesh_web.cli.commands.revisions import number_of
from mesh_web.cli.server import Server
from mesh_web.cli.writing import write_arguments, write_query, written


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("number", help="of the revision")
    write_arguments(parser)


def run(options: Namespace, server: Server) -> int:
    path = f"/revisions/{number_of(options.number)}/revert"
    return written(options, server.call("POST", path, write_query(options)))
