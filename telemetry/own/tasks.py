"""What a Celery worker counts: tasks that ended, and those that wait."""

import time
from collections.abc import Iterator, Sequence
from typing import Any

from celery.signals import task_postrun, task_prerun
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from redis import Redis
from redis.exceptions import RedisError

from telemetry.own.measures import TASKS

PATIENCE_SECONDS = 1.0
_OUTCOMES = {"SUCCESS": "success", "RETRY": "retry"}


def count_tasks() -> None:
    """From now on, in this process."""
    began: dict[str, float] = {}

    def starts(task_id: str, **_: object) -> None:
        began[task_id] = time.perf_counter()

    def ended(task_id: str, task: Any, state: str | None = None, **_: object) -> None:
        since = began.pop(task_id, None)
        if since is not None:
            outcome = _OUTCOMES.get(state or "", "failure")
            TASKS.labels(task.name, outcome).observe(time.perf_counter() - since)

    task_prerun.connect(starts, weak=False)
    task_postrun.connect(ended, weak=False)


class Waiting(Collector):
    """Tasks in the broker that no worker has taken; nothing while the broker is away."""

    def __init__(self, broker_url: str, queues: Sequence[str]) -> None:
        self._queues = tuple(queues)
        self._broker = Redis.from_url(
            broker_url, socket_timeout=PATIENCE_SECONDS, socket_connect_timeout=PATIENCE_SECONDS
        )

    def collect(self) -> Iterator[Metric]:
        found = GaugeMetricFamily(
            "meshweb_task_queue_length", "Tasks that no worker has taken.", labels=["queue"]
        )
        try:
            for queue in self._queues:
                found.add_metric([queue], float(str(self._broker.llen(queue))))
        except (RedisError, OSError):
            return
        yield found
