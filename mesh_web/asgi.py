"""The web: HTTP on a bounded pool of threads, WebSockets through Channels.

Django's own ASGI handler takes a thread and a database connection a request; through WSGI the
same process answers more than twice as many.
"""

import asyncio
import os
import threading
from typing import Any, cast

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mesh_web.settings")

from a2wsgi import WSGIMiddleware

from mesh_web.wsgi import application as http_application  # loads Django's apps for what follows

# isort: split
from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter

from mesh_web import bodies
from mesh_web.bodies import Receive, Scope, Send
from mesh_web.live.origin import own_pages_only
from mesh_web.live.routing import websocket_urlpatterns
from metrics.api.query import GONE
from routing.facade import warm_up

WORKERS = 16

# without a bound on what waits to be sent, a client that does not read holds no worker either
_http: Any = WSGIMiddleware(cast("Any", http_application), workers=WORKERS, send_queue_size=0)
_websocket = own_pages_only(AuthMiddlewareStack(URLRouter(websocket_urlpatterns)))


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    match scope["type"]:
        case "http":
            await _answer(scope, receive, send)
        case "websocket":
            await _websocket(scope, receive, send)
        case "lifespan":
            await _live(receive, send)


async def _answer(scope: Scope, receive: Receive, send: Send) -> None:
    match await bodies.read(scope, receive):
        case bodies.NotTaken() as why:
            await bodies.refuse(receive, send, why)
        case bytes() as body if scope["path"].startswith("/prometheus/"):
            await _cancellable(scope, receive, body, send)
        case bytes() as body:
            await _http(scope, bodies.ready(body), send)


async def _cancellable(scope: Scope, receive: Receive, body: bytes, send: Send) -> None:
    """Tell a long read through its scope that its client has left."""
    gone = scope[GONE] = threading.Event()

    async def watch() -> None:
        if (await receive())["type"] == "http.disconnect":
            gone.set()

    watching = asyncio.create_task(watch())
    try:
        await _http(scope, bodies.ready(body), send)
    finally:
        watching.cancel()


async def _live(receive: Receive, send: Send) -> None:
    """Connections are made on first use; only slow imports are begun with."""
    while (message := await receive())["type"] != "lifespan.shutdown":
        threading.Thread(target=warm_up, name="warm-up", daemon=True).start()
        await send({"type": f"{message['type']}.complete"})
    await send({"type": "lifespan.shutdown.complete"})
