"""What the proxy app writes: the rows of the fleet."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from proxy.models import ProxyRow

_WRITTEN = (
    "namespace",
    "pod",
    "workload",
    "connected",
    "control",
    "revision",
    "state",
    "types",
    "error",
    "certificate_expires_at",
    "updated_at",
)


def write_proxies(rows: Iterable[ProxyRow], gone: Iterable[str]) -> None:
    """Write many proxies' states at once, and forget those whose pods are gone."""
    with transaction.atomic():
        ProxyRow.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["id"], update_fields=_WRITTEN
        )
        ProxyRow.objects.filter(id__in=list(gone)).delete()


def nobody_connected(control: str, now: datetime) -> None:
    """A control process that starts has no proxy yet, whatever it wrote before it ended."""
    ProxyRow.objects.filter(control=control, connected=True).update(
        connected=False, state="disconnected", updated_at=now
    )
