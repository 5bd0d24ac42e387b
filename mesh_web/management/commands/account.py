"""Accounts of people: `account create NAME --role operator`, `account password NAME`, `account list`."""

import getpass
import secrets
import sys
from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from rest.contracts import Role


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        create = actions.add_parser("create", help="make an account")
        create.add_argument("name")
        create.add_argument("--role", required=True, choices=[role.value for role in Role])
        create.add_argument(
            "--namespace", action="append", default=[], help="bind its writes; may be repeated"
        )
        password = actions.add_parser("password", help="set another password")
        password.add_argument("name")
        for action in (create, password):
            action.add_argument(
                "--generate", action="store_true", help="make a password and print it"
            )
        actions.add_parser("list", help="list accounts")

    def handle(self, *, action: str, **given: object) -> None:
        if action == "list":
            self._list()
        elif action == "create":
            self._create(given)
        else:
            self._set_password(str(given["name"]), generate=bool(given["generate"]))

    def _create(self, given: dict[str, object]) -> None:
        from mesh_web.accounts import services  # noqa: PLC0415  needs Django's apps

        name, namespaces = str(given["name"]), given["namespace"]
        if fault := services.fault_of_name(name):
            raise CommandError(fault)
        word = self._password(name, generate=bool(given["generate"]))
        services.create_account(
            username=name,
            password=word,
            role=Role(str(given["role"])),
            namespaces=namespaces if isinstance(namespaces, list) else (),
        )
        self._told(f"{name} may log in as {given['role']}.", word, given)

    def _set_password(self, name: str, *, generate: bool) -> None:
        from mesh_web.accounts import selectors, services  # noqa: PLC0415  as above

        if name not in {one.name for one in selectors.accounts()}:
            raise CommandError(f"There is no account {name}; `account list` shows them.")
        word = self._password(name, generate=generate)
        services.set_password(name, word)
        self._told(f"{name} has another password.", word, {"generate": generate})

    def _password(self, name: str, *, generate: bool) -> str:
        """Asked for twice at a terminal, one line of standard input elsewhere."""
        from mesh_web.accounts import services  # noqa: PLC0415  as above

        if generate:
            return secrets.token_urlsafe(18)
        if sys.stdin.isatty():
            word = getpass.getpass("Password: ")
            if word != getpass.getpass("The same again: "):
                raise CommandError("These were two different passwords; nothing was changed.")
        else:
            word = sys.stdin.readline().rstrip("\n")
        if fault := services.fault_of_password(name, word):
            raise CommandError(f"{fault} Or let --generate make one.")
        return word

    def _told(self, what: str, word: str, given: dict[str, object]) -> None:
        self.stdout.write(f"{what} Password: {word}" if given["generate"] else what)

    def _list(self) -> None:
        from mesh_web.accounts.selectors import accounts  # noqa: PLC0415  as above

        for one in accounts():
            bound = f" in {', '.join(one.namespaces)}" if one.namespaces else ""
            self.stdout.write(f"{one.name}: {one.role.value}{bound}")
