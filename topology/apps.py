"""Django's entry for the topology app."""

from django.apps import AppConfig


class TopologyConfig(AppConfig):
    name = "topology"
