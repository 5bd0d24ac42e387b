"""Accounts, their tokens, and links that log in once."""

from django.contrib.auth.models import User
from django.db import models

from rest.contracts import Role

ROLES = [(role.value, role.value) for role in Role]


class Account(models.Model):
    """What a person who logs in may do. `namespaces` empty: the whole mesh."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="account")
    role = models.CharField(max_length=16, choices=ROLES, default=Role.VIEWER.value)
    namespaces = models.JSONField(default=list)

    def __str__(self) -> str:
        return self.user.get_username()


class Token(models.Model):
    """A bearer token of a program. Only its SHA-256 is kept; `expires` None: never."""

    name = models.CharField(max_length=150)
    digest = models.CharField(max_length=64, unique=True)
    role = models.CharField(max_length=16, choices=ROLES)
    namespaces = models.JSONField(default=list)
    created = models.DateTimeField()
    expires = models.DateTimeField(null=True, blank=True)
    last_used = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class OneTimeLogin(models.Model):
    """A link that opens one session, for ten minutes. Only the SHA-256 of its word is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE)
    digest = models.CharField(max_length=64, unique=True)
    expires = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"one-time login of {self.user.get_username()}"
