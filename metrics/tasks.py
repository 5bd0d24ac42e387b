"""What Celery does for metrics: rules are evaluated when their time has come."""

import time

from celery import shared_task


@shared_task  # type: ignore[untyped-decorator]
def evaluate_rules() -> None:
    from metrics import services  # noqa: PLC0415  beat knows the task, and never does it

    now_ms = int(time.time() * 1000)
    services.sync_files(now_ms)
    services.evaluate_due(now_ms)
