"""From words to a command, and from whatever ends it to an exit code."""

import os
import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Sequence
from importlib import import_module
from typing import Protocol, cast

from mesh_web.cli import exits, output
from mesh_web.cli.commands import COMMANDS, module_of
from mesh_web.cli.server import Server, find

EXIT_CODES = "Exit codes: 0 done; 1 findings, differences, refused or not found; 2 usage; 3 no server answers."


class Command(Protocol):
    """What a module of mesh_web.cli.commands offers."""

    def arguments(self, parser: ArgumentParser) -> None: ...

    def run(self, options: Namespace, server: Server) -> int: ...


def main(words: Sequence[str]) -> int:
    """Carry out `meshweb <words>`; the first must be in COMMANDS. Answers the exit code."""
    name, *rest = words
    try:
        command = cast("Command", import_module(module_of(name)))
        options = parser_of(name, command).parse_intermixed_args(rest)
        return _run(command, options)
    except exits.Stop as stop:
        for finding in stop.findings:
            output.complain(output.finding_line(finding))
        output.complain(f"meshweb {name}: {stop.message}")
        return stop.code
    except KeyboardInterrupt:
        return 130


def _run(command: Command, options: Namespace) -> int:
    try:
        code = command.run(options, Server(find(options.server, options.token, os.environ)))
        sys.stdout.flush()
    except BrokenPipeError:
        # whoever read has enough; nothing more may be written at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return exits.OK
    return code


def parser_of(name: str, command: Command) -> ArgumentParser:
    parser = ArgumentParser(
        prog=f"meshweb {name}",
        description=command.__doc__ or COMMANDS[name],
        epilog=EXIT_CODES,
        formatter_class=RawDescriptionHelpFormatter,
    )
    command.arguments(parser)
    common = parser.add_argument_group("common")
    common.add_argument("-o", "--output", choices=output.FORMATS, default="table")
    common.add_argument("--server", default="", metavar="URL", help="else MESHWEB_URL")
    common.add_argument("--token", default="", help="else MESHWEB_TOKEN")
    return parser


def overview(managed: Sequence[str] = ()) -> str:
    """What `meshweb --help` says; `managed` are the commands that run on the server itself."""
    width = max(map(len, COMMANDS))
    listed = [f"  {name.ljust(width)}  {does}" for name, does in COMMANDS.items()]
    return "\n".join(
        (
            "meshweb COMMAND ...   (meshweb COMMAND --help says more)",
            "",
            "Talking to a running Meshweb (--server or MESHWEB_URL, --token or MESHWEB_TOKEN):",
            *listed,
            "",
            "On this machine:",
            f"  {', '.join(managed)}",
            "",
            EXIT_CODES,
        )
    )
