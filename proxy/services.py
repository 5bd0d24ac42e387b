"""What the proxy app writes: the rows of the fleet and of the processes that serve it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from proxy.fleet.steps import ALIVE
from proxy.models import ControlProcess, ProxyRow
from routing.contracts import ProxyState

FORGOTTEN = timedelta(minutes=10)

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


@dataclass(frozen=True, slots=True)
class Others:
    """The other control processes that live, and the proxies connected to them."""

    names: tuple[str, ...]
    connected: frozenset[str]


def write_proxies(
    control: str, rows: Iterable[ProxyRow], gone: Iterable[str], carried: int, now: datetime
) -> None:
    """Write many proxies' states at once, and forget those whose pods are gone.

    Of a proxy that is not connected to `control` only what no other process knows better. All others
    of its own that are synced have revision `carried` by now.
    """
    given = tuple(rows)
    with transaction.atomic():
        own = ProxyRow.objects.filter(control=control, connected=True, state=ProxyState.SYNCED)
        own.filter(revision__lt=carried).update(revision=carried, updated_at=now)
        lost = [row.id for row in given if not row.connected]
        elsewhere = set(
            ProxyRow.objects.filter(id__in=lost, connected=True)
            .exclude(control=control)
            .values_list("id", flat=True)
        )
        ProxyRow.objects.bulk_create(
            (row for row in given if row.id not in elsewhere),
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=_WRITTEN,
        )
        ProxyRow.objects.filter(id__in=list(gone)).delete()


def beat(control: str, trust: int, now: datetime) -> Others:
    """Say that a control process lives; who else does. What the dead had is connected to nobody."""
    ControlProcess.objects.update_or_create(name=control, defaults={"seen_at": now, "trust": trust})
    ControlProcess.objects.filter(seen_at__lt=now - FORGOTTEN).delete()
    living = ControlProcess.objects.filter(seen_at__gt=now - ALIVE)
    names = tuple(sorted(living.exclude(name=control).values_list("name", flat=True)))
    connected = dict(ProxyRow.objects.filter(connected=True).values_list("id", "control"))
    lost = [one for one, of in connected.items() if of not in (control, *names)]
    if lost:
        _disconnected(
            ProxyRow.objects.filter(id__in=lost).exclude(control__in=[control, *names]), now
        )
    return Others(names, frozenset(one for one, of in connected.items() if of in names))


def nobody_connected(control: str, now: datetime) -> frozenset[str]:
    """A control process that starts has no proxy yet, whatever it wrote before it ended.

    The proxies that were its own, to be expected back.
    """
    own = ProxyRow.objects.filter(control=control, connected=True)
    expected = frozenset(own.values_list("id", flat=True))
    _disconnected(own, now)
    return expected


def _disconnected(rows: QuerySet[ProxyRow], now: datetime) -> None:
    rows.update(connected=False, state="disconnected", updated_at=now)
