"""Django's entry for the metrics app."""

from django.apps import AppConfig


class MetricsConfig(AppConfig):
    name = "metrics"
