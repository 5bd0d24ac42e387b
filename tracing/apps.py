"""Django's entry for the tracing app."""

from django.apps import AppConfig


class TracingConfig(AppConfig):
    name = "tracing"
