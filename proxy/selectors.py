"""What the proxy app reads: the rows of the fleet, and what control serves, as values."""

from collections.abc import Iterable

from proxy.contracts import ProxyStatus, TypeStatus
from proxy.fleet import dump
from proxy.models import ProxyRow


def proxies(namespace: str = "") -> tuple[ProxyStatus, ...]:
    """All proxies known, connected or not, by namespace and pod."""
    rows = ProxyRow.objects.all()
    return _statuses(rows.filter(namespace=namespace) if namespace else rows)


def proxy(proxy_id: str) -> ProxyStatus | None:
    row = ProxyRow.objects.filter(id=proxy_id).first()
    return None if row is None else _status(row)


def served(proxy_id: str) -> dump.Dump | None:
    """What control serves a proxy now; None when no control process answers."""
    from redis.exceptions import RedisError  # noqa: PLC0415

    try:
        return dump.ask(proxy_id)
    except RedisError:
        return None


def _statuses(rows: Iterable[ProxyRow]) -> tuple[ProxyStatus, ...]:
    return tuple(_status(row) for row in rows)


def _status(row: ProxyRow) -> ProxyStatus:
    expires = row.certificate_expires_at
    return ProxyStatus(
        id=row.id,
        namespace=row.namespace,
        pod=row.pod,
        workload=row.workload,
        connected=row.connected,
        revision=row.revision,
        state=row.state,
        types=tuple(
            TypeStatus(
                name=name,
                state=one["state"],
                version=one["version"],
                acked_at=one["acked_at"],
                wanted=one.get("wanted", ""),
                sent_at=one.get("sent_at"),
                error=one.get("error", ""),
            )
            for name, one in row.types.items()
        ),
        error=row.error,
        certificate_expires_at=expires.timestamp() if expires is not None else None,
    )
