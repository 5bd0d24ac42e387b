"""A browser's view of the graph: the WebSocket, its snapshot and its deltas."""

import json
import threading
import time
from contextlib import ExitStack
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Origin


class LiveGraph:
    """Follows one topic of `/ws/live` in a thread. `first_seen` holds Unix times by edge id."""

    def __init__(self, url: str, cookie: str, topic: str = "graph") -> None:
        self.first_seen: dict[str, float] = {}
        self.edges: dict[str, Any] = {}
        self.nodes: dict[str, Any] = {}
        self.messages = 0
        self.gaps = 0
        self._seq: int | None = None
        self._topic = topic
        self._closing = ExitStack()
        opening = connect(
            url.replace("http", "ws", 1) + "/ws/live",
            additional_headers={"Cookie": cookie},
            origin=Origin(url),
            proxy=None,
            max_size=None,
        )
        self._socket = self._closing.enter_context(opening)
        self._socket.send(json.dumps({"subscribe": topic}))
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closing.close()
        self._thread.join(5)

    def _follow(self) -> None:
        try:
            for text in self._socket:
                self._take(json.loads(text))
        except ConnectionClosed:
            return

    def _take(self, message: Any) -> None:
        if message.get("topic") != self._topic:
            return
        self.messages += 1
        if "snapshot" in message:
            self.edges = {e["id"]: e for e in message["snapshot"]["edges"]}
            self.nodes = {n["id"]: n for n in message["snapshot"]["nodes"]}
        else:
            self.gaps += message["seq"] != (self._seq or 0) + 1
            _merge(self.edges, message["delta"]["edges"])
            _merge(self.nodes, message["delta"]["nodes"])
        self._seq = message["seq"]
        now = time.time()
        for edge in self.edges:
            self.first_seen.setdefault(edge, now)


def _merge(kept: dict[str, Any], changes: dict[str, Any]) -> None:
    for key, value in changes.items():
        if value is None:
            kept.pop(key, None)
        else:
            kept[key] = value
