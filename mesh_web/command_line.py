"""The `meshweb` command: Django's management commands under their own names."""

import os
import sys

from django.core.management import execute_from_command_line


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mesh_web.settings")
    execute_from_command_line(["meshweb", *renamed(sys.argv[1:])])


def renamed(words: list[str]) -> list[str]:
    """A command is a Python module, so its dashes are underscores there: `promql-test`."""
    return [words[0].replace("-", "_"), *words[1:]] if words[:1] and words[0][:1] != "-" else words
