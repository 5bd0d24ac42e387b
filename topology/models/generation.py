"""One row that changes with every change of the registry."""

from django.db import models


class Generation(models.Model):
    """`token` is random and new after each change: equal tokens, equal registry.

    Whoever changes the registry updates this row first, so that changes wait for each other.
    """

    token = models.CharField(max_length=32)

    def __str__(self) -> str:
        return self.token
