"""Running state: pods, and the local ports of services."""

from django.db import models

from topology.contracts import PodPhase


class PodRow(models.Model):
    """A pod that is wanted, running, or going away.

    `ordinal` gives it its addresses; it is free again when the row is gone. `template` is the
    container as it was when the pod was made. `seen_at` is when its node last spoke of it.
    """

    uid = models.CharField(max_length=36, unique=True)
    namespace = models.CharField(max_length=253)
    name = models.CharField(max_length=253)
    workload = models.CharField(max_length=253)
    replica_set = models.CharField(max_length=253)
    labels = models.JSONField(default=dict)
    service_account = models.CharField(max_length=253)
    node = models.CharField(max_length=253)
    ordinal = models.PositiveIntegerField(unique=True)
    template = models.JSONField(default=dict)
    gateway = models.BooleanField(default=False)
    sidecar = models.BooleanField(default=True)
    phase = models.CharField(max_length=16, choices=[(p.value, p.value) for p in PodPhase])
    ready = models.BooleanField(default=False)
    restarts = models.PositiveIntegerField(default=0)
    proxy_restarts = models.PositiveIntegerField(default=0)
    message = models.TextField(blank=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("namespace", "name"), name="pod_key"),)
        indexes = (models.Index(fields=("node",), name="pod_node"),)

    def __str__(self) -> str:
        return f"Pod {self.namespace}/{self.name}"


class LocalPort(models.Model):
    """Where sidecars open one service port for their application; it stays once given."""

    namespace = models.CharField(max_length=253)
    service = models.CharField(max_length=253)
    port = models.PositiveIntegerField()
    local_port = models.PositiveIntegerField(unique=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("namespace", "service", "port"), name="service_port"),
        )

    def __str__(self) -> str:
        return f"{self.service}.{self.namespace}:{self.port} -> {self.local_port}"
