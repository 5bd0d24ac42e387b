"""Print the OpenAPI document of the REST API."""

import json

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = ()

    def handle(self, **_options: object) -> None:
        from mesh_web.api import api  # noqa: PLC0415

        self.stdout.write(json.dumps(api.get_openapi_schema(), indent=2))
