"""The audit trail."""

from django.db import models


class AuditEvent(models.Model):
    """One write, or one attempt to come in. Rows are only ever added.

    An attempt to come in has failed (401) until it is decided. `status` is the HTTP status that was answered; `target` the path that was asked for.
    """

    at = models.DateTimeField(db_index=True)
    actor = models.CharField(max_length=150)
    action = models.CharField(max_length=63)
    target = models.CharField(max_length=1024)
    status = models.PositiveSmallIntegerField()
    address = models.CharField(max_length=64, blank=True, default="")

    def __str__(self) -> str:
        return f"{self.actor} {self.action} {self.target}"
