"""Print a completion script.

source <(meshweb completion bash)
source <(meshweb completion zsh)
meshweb completion fish | source
"""

from argparse import ArgumentParser, Namespace

from mesh_web.cli import exits, output
from mesh_web.cli.completion import bash, fish, zsh
from mesh_web.cli.server import Server

SHELLS = {"bash": bash, "fish": fish, "zsh": zsh}


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("shell", choices=tuple(SHELLS))


def run(options: Namespace, server: Server) -> int:
    del server
    output.say(SHELLS[options.shell]())
    return exits.OK
