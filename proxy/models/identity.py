"""Tables of the certificate authority: its roots, and the tokens that let an agent join."""

from django.db import models


class CertificateAuthority(models.Model):
    """A root. The newest signs; all are trusted, so that a new one can be brought in slowly.

    `slot` is unique: of two processes that make the first root at once, one wins.
    """

    slot = models.PositiveIntegerField(unique=True)
    certificate_pem = models.TextField()
    encrypted_key = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("slot",)

    def __str__(self) -> str:
        return f"root {self.slot}"


class JoinToken(models.Model):
    """Lets one agent ask for its first certificate, once. Only a digest is kept."""

    digest = models.CharField(max_length=64, unique=True)
    node = models.CharField(max_length=253)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"join token for {self.node}"
