"""What the builder holds of every topic, and the bytes it publishes."""

from dataclasses import dataclass

import orjson

from mesh_web.live.protocol import Json, Message, Published


@dataclass(frozen=True, slots=True)
class Publication:
    """Bytes for the broker: the snapshot to keep and the messages to send, in order."""

    topic: str
    snapshot: bytes
    messages: tuple[bytes, ...]


class Topics:
    """All topics of one epoch. `advance` may run in a thread, but not twice at once."""

    def __init__(self, epoch: str) -> None:
        self.epoch = epoch
        self._published: dict[str, Published] = {}

    def advance(self, topic: str, value: Json) -> Publication:
        """A topic's first value goes out as a snapshot, later ones as deltas.

        An unchanged value has no messages; its snapshot still renews the one kept.
        """
        before = self._published.get(topic)
        if before is None:
            now = Published(topic, self.epoch, value)
            messages: tuple[Message, ...] = (now.snapshot(),)
        else:
            now, messages = before.advance(value)
        self._published[topic] = now
        return Publication(topic, _bytes(now.snapshot()), tuple(map(_bytes, messages)))


def _bytes(message: Message) -> bytes:
    return orjson.dumps(message.to_json())
