"""Declared state: the Kubernetes manifests in force."""

from django.db import models


class Manifest(models.Model):
    """A Namespace, ServiceAccount, Service or Deployment (`namespace` is "" for a Namespace)."""

    kind = models.CharField(max_length=32)
    namespace = models.CharField(max_length=253, blank=True)
    name = models.CharField(max_length=253)
    spec = models.JSONField(default=dict)
    labels = models.JSONField(default=dict)
    annotations = models.JSONField(default=dict)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("kind", "namespace", "name"), name="manifest_key"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"
