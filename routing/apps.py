"""Django's entry for the routing app."""

from django.apps import AppConfig


class RoutingConfig(AppConfig):
    name = "routing"
