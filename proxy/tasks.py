"""What Celery does for the fleet."""

from celery import shared_task

from routing import facade as routing
from routing.contracts import ResourceKey


@shared_task  # type: ignore[untyped-decorator]
def revert_rejected(key: str, revision: int, error: str) -> None:
    """`key` reads "Kind namespace/name"."""
    routing.revert_rejected(ResourceKey.parse(key), revision, error)
