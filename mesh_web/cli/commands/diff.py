"""What applying YAML would change: a unified diff, then each Envoy's part; exit code 1 where it would.

meshweb diff -f route.yaml
"""

from argparse import ArgumentParser, Namespace

from mesh_web.cli import exits, output
from mesh_web.cli.envoys import envoy_lines
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
        shown = {name: answer[name] for name in ("changes", "findings", "effects")}
        output.dump(shown, options.output)
    else:
        for finding in answer["findings"]:
            output.complain(output.finding_line(finding))
        if changes:
            output.say("".join(map(unified, changes)).rstrip("\n"))
            output.say()
            output.say(
                "\n".join(envoy_lines(answer["effects"])) or "No Envoy that runs now changes."
            )
    return exits.FINDINGS if changes else exits.OK
