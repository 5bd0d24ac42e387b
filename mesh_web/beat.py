"""The Celery application of beat: it knows tasks by their names, and loads neither them nor Django's apps."""

import os

from celery import Celery
from celery.signals import beat_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mesh_web.settings")

app = Celery("meshweb", fixups=[])  # Celery's own for Django would load the apps: 45 MB
app.config_from_object("django.conf:settings", namespace="CELERY")


@beat_init.connect  # type: ignore[untyped-decorator]
def _begins(**_: object) -> None:
    from django.conf import settings  # noqa: PLC0415  not while they are being read

    from telemetry.own.start import start  # noqa: PLC0415  as above

    start(settings.OWN_TELEMETRY, "meshweb-beat", spans=False)
