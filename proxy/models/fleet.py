"""What is known of each proxy: whether it is connected, and how far it is."""

from django.db import models


class ProxyRow(models.Model):
    """Written by the control process that the proxy is, or was last, connected to.

    `types` maps CDS, EDS, SDS, LDS, RDS to {"state", "version", "acked_at"} (Unix seconds).
    """

    id = models.CharField(primary_key=True, max_length=1024)
    namespace = models.CharField(max_length=253)
    pod = models.CharField(max_length=253)
    workload = models.CharField(max_length=253)
    connected = models.BooleanField(default=False)
    control = models.CharField(max_length=253, default="")
    revision = models.PositiveBigIntegerField(default=0)
    state = models.CharField(max_length=20)
    types = models.JSONField(default=dict)
    error = models.TextField(default="", blank=True)
    certificate_expires_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ("namespace", "pod")

    def __str__(self) -> str:
        return self.id
