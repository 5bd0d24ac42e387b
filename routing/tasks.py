"""What Celery does for the configuration: hints carried out, lost ones swept up."""

from celery import shared_task
from django.utils import timezone

from routing.services import expire, publish


@shared_task  # type: ignore[untyped-decorator]
def publish_revision(number: int) -> None:
    publish.hint(number)


@shared_task  # type: ignore[untyped-decorator]
def publish_stuck_revisions() -> None:
    publish.hint_stuck(timezone.now())


@shared_task  # type: ignore[untyped-decorator]
def put_back_expired() -> None:
    expire.put_back_expired(timezone.now())
