"""Certificates of gateways: written, never read back."""

from django.db import models


class StoredSecret(models.Model):
    """A TLS certificate and key, sealed (see routing.services.secrets).

    A revision names it by `digest` only, so every version is kept for as long as a revision may
    be reverted to it.
    """

    namespace = models.CharField(max_length=253)
    name = models.CharField(max_length=253)
    digest = models.CharField(max_length=71)
    sealed = models.BinaryField()
    created = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("namespace", "name", "digest"), name="stored_secret_key"
            ),
        )

    def __str__(self) -> str:
        return f"Secret {self.namespace}/{self.name}"
