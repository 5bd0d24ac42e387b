"""The Django project and composition root: settings, wiring, the web, the live view."""

from mesh_web.celery import app as celery_app

__all__ = ["celery_app"]
