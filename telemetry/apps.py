"""Django's entry for the telemetry app."""

from django.apps import AppConfig


class TelemetryConfig(AppConfig):
    name = "telemetry"
