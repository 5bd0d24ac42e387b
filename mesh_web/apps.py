"""Django's entry for the composition root."""

from django.apps import AppConfig


class MeshWebConfig(AppConfig):
    name = "mesh_web"

    def ready(self) -> None:
        """Make our Celery application the current one, so that tasks find their broker."""
        import mesh_web.celery  # noqa: F401, PLC0415  needs the settings
