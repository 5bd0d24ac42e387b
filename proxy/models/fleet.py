"""What is known of each proxy and of the control processes that serve them."""

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


class ControlProcess(models.Model):
    """A control process that serves; it says so every second, or is taken to be gone.

    `trust` is the version of the roots it goes by; `mtls` the version of the mTLS change whose step
    all of its proxies have.
    """

    name = models.CharField(primary_key=True, max_length=253)
    seen_at = models.DateTimeField()
    trust = models.PositiveBigIntegerField(default=0)
    mtls = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return self.name


class MtlsChange(models.Model):
    """One row: where every workload stands in changes of its mTLS mode (proxy.fleet.transition).

    `version` grows with every change of `stages`; `revision` is the newest that they aim at.
    """

    version = models.PositiveBigIntegerField(default=0)
    revision = models.PositiveBigIntegerField(default=0)
    stages = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"mTLS change {self.version}"
