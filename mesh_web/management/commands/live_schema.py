"""Print the JSON Schema of the WebSocket's messages."""

from django.core.management.base import BaseCommand

from mesh_web.live.schema import schema_text


class Command(BaseCommand):
    """`manage.py live_schema > mesh_web/live/schema.json`"""

    help = __doc__
    requires_system_checks = ()

    def handle(self, **_options: object) -> None:
        self.stdout.write(schema_text(), ending="")
