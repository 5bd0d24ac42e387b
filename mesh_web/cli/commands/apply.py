"""Bring YAML into force, as one revision.

meshweb apply -f route.yaml --wait 5s -m "more for v2"
meshweb apply -f fault.yaml --expires 10m
kustomize build . | meshweb apply -f - --dry-run
"""

from argparse import ArgumentParser, Namespace

from mesh_web.cli.files import text_of
from mesh_web.cli.server import Server
from mesh_web.cli.writing import write_arguments, write_query, written


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "-f",
        "--filename",
        action="append",
        required=True,
        help="a file, a directory, or - for standard input; may be repeated",
    )
    write_arguments(parser)


def run(options: Namespace, server: Server) -> int:
    text = text_of(options.filename)
    return written(options, server.call("POST", "/apply", write_query(options), yaml=text))
