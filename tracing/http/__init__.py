"""REST of traces and logs."""

from ninja import Router

from tracing.http.analysis import router as analysis
from tracing.http.logs import router as logs
from tracing.http.search import router as search
from tracing.http.traces import router as traces

router = Router(tags=["traces"])
for part in (search, analysis, traces, logs):
    router.add_router("", part)
