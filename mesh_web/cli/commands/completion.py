"""Print a completion script.

source <(meshweb completion bash)
source <(meshweb completion zsh)
meshweb completion fish | source
meshweb completion names Service -n shop    what the scripts ask for, a line for each
"""

from argparse import ArgumentParser, Namespace

from mesh_web.cli import exits, output
from mesh_web.cli.completion import bash, fish, zsh
from mesh_web.cli.kinds import WITHOUT_NAMESPACE, kind_of
from mesh_web.cli.server import Server

SHELLS = {"bash": bash, "fish": fish, "zsh": zsh}


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("shell", choices=(*SHELLS, "names"))
    parser.add_argument("kind", nargs="?", default="")
    parser.add_argument("-n", "--namespace", default="")


def run(options: Namespace, server: Server) -> int:
    if options.shell != "names":
        output.say(SHELLS[options.shell]())
        return exits.OK
    kind = kind_of(options.kind)
    within = "" if kind in WITHOUT_NAMESPACE else options.namespace
    found = server.items("/resources", {"kind": kind, "namespace": within})
    for name in sorted({one["metadata"]["name"] for one in found}):
        output.say(name)
    return exits.OK
