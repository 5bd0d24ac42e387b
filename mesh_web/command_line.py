"""The `meshweb` command: a client of a running Meshweb, and Django's management commands.

The client's commands are in `mesh_web.cli.commands`; every other word is a management command
under its own name.
"""

import os
import sys

from mesh_web.cli import exits
from mesh_web.cli.commands import COMMANDS


def main() -> None:
    words = sys.argv[1:]
    if words in ([], ["-h"], ["--help"], ["help"]):
        sys.exit(_overview())
    if words[0] == "help" and words[1] in COMMANDS:
        words = [words[1], "--help"]
    if words[0] in COMMANDS:
        from mesh_web.cli.main import main as client  # noqa: PLC0415  it loads no Django

        sys.exit(client(words))
    import django  # noqa: PLC0415
    from django.core.management import (  # noqa: PLC0415
        execute_from_command_line,
        get_commands,
    )

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mesh_web.settings")
    django.setup()
    words = renamed(words)
    if words[0][:1] != "-" and words[0] not in {"help", *get_commands()}:
        sys.stderr.write(f"meshweb: there is no command {words[0]}; meshweb --help lists all.\n")
        sys.exit(exits.USAGE)
    execute_from_command_line(["meshweb", *words])


def _overview() -> int:
    from mesh_web.cli.main import overview  # noqa: PLC0415
    from mesh_web.cli.managed import managed_commands  # noqa: PLC0415

    sys.stdout.write(overview(managed_commands()) + "\n")
    return 0


def renamed(words: list[str]) -> list[str]:
    """A command is a Python module, so its dashes are underscores there: `promql-test`."""
    return [words[0].replace("-", "_"), *words[1:]] if words[:1] and words[0][:1] != "-" else words


if __name__ == "__main__":
    main()
