"""Print a completion script.

source <(meshweb completion bash)
source <(meshweb completion zsh)
"""

from argparse import ArgumentParser, Namespace

from mesh_web.cli import exits, output
from mesh_web.cli.completion import bash, zsh
from mesh_web.cli.server import Server

SHELLS = {"bash": bash, "zsh": zsh}


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("shell", choices=tuple(SHELLS))


def run(options: Namespace, server: Server) -> int:
    del server
    output.say(SHELLS[options.shell]())
    return exits.OK
