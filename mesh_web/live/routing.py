"""Where the live sockets are."""

from django.urls import path

from mesh_web.live.consumer import LiveConsumer

websocket_urlpatterns = [path("ws/live", LiveConsumer.as_asgi())]
