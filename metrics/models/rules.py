"""Files of rules, and what their groups are about; the group's row is its place in the queue."""

from django.db import models


class RuleFile(models.Model):
    """`on_disk`: it comes from MESHWEB_RULE_FILES and goes with its file; else over REST."""

    name = models.CharField(max_length=512, unique=True)
    text = models.TextField()
    on_disk = models.BooleanField(default=False)
    findings = models.JSONField(default=list)
    updated_at = models.DateTimeField(auto_now=True)


class RuleGroup(models.Model):
    """Times in Unix milliseconds. `state` is what is remembered of each rule, in their order."""

    file = models.ForeignKey(RuleFile, on_delete=models.CASCADE, related_name="groups")
    name = models.CharField(max_length=512)
    place = models.PositiveIntegerField()
    interval_ms = models.BigIntegerField()
    next_at_ms = models.BigIntegerField()
    evaluated_at_ms = models.BigIntegerField(null=True)
    took_seconds = models.FloatField(default=0.0)
    missed = models.PositiveIntegerField(default=0)
    state = models.JSONField(default=list)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("file", "name"), name="metrics_group_once"),)
        indexes = (models.Index(fields=("next_at_ms",), name="metrics_group_due"),)
