"""Revisions, and the ledger that numbers them."""

from django.db import models

from routing.contracts import RevisionState


class Ledger(models.Model):
    """One row: the last revision's number. Holding its lock is the right to write configuration."""

    number = models.PositiveBigIntegerField(default=0)


class Revision(models.Model):
    """One change of any number of resources by one author.

    Numbers follow the order of commits. `findings` are those of the check that accepted it;
    `convergence` is [{"id", "state", "ms", "error", "control"}] as last reported, `verdicts` the
    state that each control process has come to, by its name. `reverts` is the number
    of the revision that this one undid. `trial` is {"outcome", "parts", "ms", "error"} or empty.
    `published_at` None: no proxy was ever told of it by itself. `trace_parent` is where its trace
    goes on (W3C); "" if it has none.
    """

    number = models.PositiveBigIntegerField(unique=True)
    author = models.CharField(max_length=150)
    message = models.TextField(blank=True, default="")
    state = models.CharField(
        max_length=16,
        choices=[(state.value, state.value) for state in RevisionState],
        default=RevisionState.ACCEPTED.value,
    )
    system = models.BooleanField(default=False)
    reverts = models.PositiveBigIntegerField(null=True, blank=True)
    findings = models.JSONField(default=list)
    convergence = models.JSONField(default=list)
    verdicts = models.JSONField(default=dict)
    trial = models.JSONField(default=dict)
    trace_parent = models.CharField(max_length=55, blank=True, default="")
    ms = models.FloatField(null=True, blank=True)
    converged = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    accepted_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = (models.Index(fields=("state", "number")),)

    def __str__(self) -> str:
        return f"revision {self.number}"
