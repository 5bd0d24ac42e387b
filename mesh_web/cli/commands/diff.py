"""What applying YAML would change, as a unified diff; exit code 1 where it would.

meshweb diff -f route.yaml
"""

from argparse import ArgumentParser, Namespace

from mesh_web.cli import exits, output
from mesh_web.cli.files import text_of
from mesh_web.cli.server import Server
from mesh_web.cli.unified import unified


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "-f",
        "--filename",
        action="append",
        required=True,
        help="a file, a directory, or - for standard input; may be repeated",
    )


def run(options: Namespace, server: Server) -> int:
    text = text_of(options.filename)
    answer = server.call("POST", "/apply", {"dry_run": "true"}, yaml=text)
    changes = answer["changes"]
    if options.output != "table":
        output.dump({"changes": changes, "findings": answer["findings"]}, options.output)
    else:
        for finding in answer["findings"]:
            output.complain(output.finding_line(finding))
        output.say("".join(map(unified, changes)).rstrip("\n")) if changes else None
    return exits.FINDINGS if changes else exits.OK
