"""Make a bearer token for a program: `token create --role operator --name ci --namespace shop`."""

from argparse import ArgumentParser
from datetime import timedelta

from django.core.management.base import BaseCommand

from rest.contracts import Role


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        create = actions.add_parser("create", help="make a token and print it")
        create.add_argument("--role", required=True, choices=[role.value for role in Role])
        create.add_argument("--name", required=True, help="what uses it")
        create.add_argument(
            "--namespace", action="append", default=[], help="bind its writes; may be repeated"
        )
        create.add_argument("--days", type=int, default=None, help="how long it lives")

    def handle(self, *, role: str, name: str, namespace: list[str], **rest: object) -> None:
        from mesh_web.accounts.services import create_token  # noqa: PLC0415  needs Django's apps

        days = rest["days"]
        self.stdout.write(
            create_token(
                name=name,
                role=Role(role),
                namespaces=namespace,
                lifetime=timedelta(days=days) if isinstance(days, int) else None,
            )
        )
