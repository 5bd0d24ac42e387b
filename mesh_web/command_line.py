"""The `meshweb` command: Django's management commands under their own names."""

import os
import sys

from django.core.management import execute_from_command_line


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mesh_web.settings")
    execute_from_command_line(["meshweb", *sys.argv[1:]])
