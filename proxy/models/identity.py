"""Tables of the certificate authority: its roots, their rotation, who holds what, join tokens."""

from django.db import models

from proxy.identity.rotation import Phase


class CertificateAuthority(models.Model):
    """A root (`certificate_pem`) and the key that signs; the open RootRotation says which does.

    `chain_pem` are the certificates between leaves and the root, the signing one first; empty when
    the root signs itself. `slot` is unique: of two processes that make the first root at once,
    one wins.
    """

    slot = models.PositiveIntegerField(unique=True)
    certificate_pem = models.TextField()
    chain_pem = models.TextField(default="", blank=True)
    encrypted_key = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("slot",)

    def __str__(self) -> str:
        return f"root {self.slot}"


class RootRotation(models.Model):
    """From one root (`old_slot`) to another. `open` is unique and None once it has ended.

    `automatic`: a phase that everybody has proved leads to the next by itself.
    """

    old_slot = models.PositiveIntegerField()
    new_slot = models.PositiveIntegerField()
    phase = models.CharField(max_length=16, choices=[(one.value, one.value) for one in Phase])
    automatic = models.BooleanField(default=True)
    open = models.BooleanField(null=True, default=True, unique=True)
    started_by = models.CharField(max_length=150)
    started_at = models.DateTimeField()
    phase_since = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"rotation {self.pk}: {self.phase}"


class HeldIdentity(models.Model):
    """What an agent has seen its Envoy acknowledge, or holds itself (`proxy` False).

    `issuer` and `roots` are fingerprints (SHA-256, hex) of the certificate's root and of the roots
    trusted; `replace` is the serial of a certificate that is to be made anew.
    """

    holder = models.CharField(primary_key=True, max_length=1024)
    proxy = models.BooleanField()
    node = models.CharField(max_length=253, db_index=True)
    uri = models.CharField(max_length=1024)
    serial = models.CharField(max_length=64)
    issuer = models.CharField(max_length=64)
    roots = models.JSONField(default=list)
    not_before = models.FloatField()
    not_after = models.FloatField()
    replace = models.CharField(max_length=64, default="", blank=True)

    def __str__(self) -> str:
        return self.holder


class JoinToken(models.Model):
    """Lets one agent ask for its first certificate, once. Only a digest is kept."""

    digest = models.CharField(max_length=64, unique=True)
    node = models.CharField(max_length=253)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"join token for {self.node}"
