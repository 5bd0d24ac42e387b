"""The Django project and composition root: settings, wiring, the web, the live view."""
