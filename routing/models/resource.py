"""What is configured now, and every version it ever had."""

from django.db import models

from routing.models.revision import Revision


class Resource(models.Model):
    """The head of one resource: its newest accepted version.

    `resource_version` is the number of the revision that wrote it; `generation` counts changes of
    `spec`; `uid` and `created` live as long as the resource does. `expires_at`: when this version
    gives way to the one before (routing.expiry); None: never.
    """

    cluster = models.CharField(max_length=63, default="local")
    api_version = models.CharField(max_length=253)
    kind = models.CharField(max_length=63)
    namespace = models.CharField(max_length=253, blank=True, default="")
    name = models.CharField(max_length=253)
    uid = models.UUIDField()
    labels = models.JSONField(default=dict)
    annotations = models.JSONField(default=dict)
    spec = models.JSONField(default=dict)
    generation = models.PositiveBigIntegerField(default=1)
    resource_version = models.PositiveBigIntegerField()
    created = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True, db_index=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("cluster", "kind", "namespace", "name"), name="resource_key"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"


class ResourceVersion(models.Model):
    """What one revision made of one resource. `document` None: the revision deleted it.

    `refusal` is what Envoy said when it would not take this version; "" if it never refused it.
    Such a version is never returned to.
    """

    cluster = models.CharField(max_length=63, default="local")
    revision = models.ForeignKey(
        Revision, to_field="number", on_delete=models.PROTECT, related_name="versions"
    )
    kind = models.CharField(max_length=63)
    namespace = models.CharField(max_length=253, blank=True, default="")
    name = models.CharField(max_length=253)
    document = models.JSONField(null=True)
    refusal = models.TextField(blank=True, default="")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("cluster", "kind", "namespace", "name", "revision"),
                name="resource_version_key",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name} at {self.revision_id}"
