"""HTTP: Django as WSGI."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mesh_web.settings")

application = get_wsgi_application()
