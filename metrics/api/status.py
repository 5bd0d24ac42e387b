"""`status/*` and what else clients ask a Prometheus about itself."""

import os
import sys
import threading
import time
from datetime import UTC, datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from metrics.api.envelope import plain
from metrics.api.parameters import Parameters
from metrics.api.query import CONCURRENT_QUERIES, departure
from metrics.api.targets import problems, told
from metrics.promql.evaluate import Options
from metrics.promql.limits import Limits
from metrics.selectors import asking, retention_time
from metrics.store import catalogue

VERSION = "3.5.0"
"""The Prometheus whose API this is: clients decide by it what they may ask."""
_STARTED = datetime.now(UTC)


def buildinfo(_request: HttpRequest) -> HttpResponse:
    python = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return plain(
        {
            "version": VERSION,
            "revision": "meshweb",
            "branch": "",
            "buildUser": "",
            "buildDate": "",
            "goVersion": python,
        }
    )


def runtimeinfo(_request: HttpRequest) -> HttpResponse:
    now = time.time()
    return plain(
        {
            "startTime": _STARTED.isoformat().replace("+00:00", "Z"),
            "CWD": str(settings.BASE_DIR),
            "hostname": os.uname().nodename,
            "serverTime": datetime.fromtimestamp(now, UTC).isoformat().replace("+00:00", "Z"),
            "reloadConfigSuccess": True,
            "lastConfigTime": _STARTED.isoformat().replace("+00:00", "Z"),
            "corruptionCount": 0,
            "goroutineCount": threading.active_count(),
            "GOMAXPROCS": os.cpu_count() or 1,
            "GOMEMLIMIT": 0,
            "GOGC": "",
            "GODEBUG": "",
            "storageRetention": retention_time(),
        }
    )


def config(_request: HttpRequest) -> HttpResponse:
    """Files of rules, and what is scraped; secrets are left out."""
    rules = settings.RULE_FILES
    listed = f"rule_files:\n- {rules}\n" if rules else "rule_files: []\n"
    known = told()
    return plain({"yaml": f"{listed}{known.view.text}"}, problems(known))


def flags(_request: HttpRequest) -> HttpResponse:
    return plain(
        {
            "query.lookback-delta": f"{Options().lookback_ms // 60_000}m",
            "query.max-concurrency": str(CONCURRENT_QUERIES),
            "query.max-samples": str(settings.QUERY_MAX_SAMPLES),
            "query.timeout": f"{round((Limits().seconds or 0) / 60)}m",
            "storage.tsdb.retention.time": retention_time(),
            "web.enable-remote-write-receiver": "true",
        }
    )


def tsdb(request: HttpRequest) -> HttpResponse:
    parameters = Parameters.of(request)
    limit = min(parameters.count("limit", 10), 10_000) or 10
    found = catalogue.statistics(asking(parameters.timeout(), departure(request)), limit)
    lists = {
        name: [{"name": label, "value": value} for label, value in rows]
        for name, rows in found.top.items()
    }
    head = {
        "numSeries": found.series,
        "numLabelPairs": found.pairs,
        "chunkCount": found.parts,
        "minTime": found.oldest_ms,
        "maxTime": found.newest_ms,
    }
    return plain({"headStats": head, **lists})


def walreplay(_request: HttpRequest) -> HttpResponse:
    return plain({"min": 0, "max": 0, "current": 0})


def notifications(_request: HttpRequest) -> HttpResponse:
    """There are none."""
    return plain([])


def alertmanagers(_request: HttpRequest) -> HttpResponse:
    return plain({"activeAlertmanagers": [], "droppedAlertmanagers": []})


def ready(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("Prometheus API of Meshweb is Ready.\n", content_type="text/plain")
