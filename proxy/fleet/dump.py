"""What a proxy is served, for people: control tells the web over the broker, without private keys.

The web publishes a question on `CHANNEL`; the control process that serves the proxy pushes one
answer on the list that the question names. Bytes go over as they are, the web makes them readable.
"""

import json
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.conf import settings

from proxy.xds.messages import SECRET, SHORT_NAMES, as_dict
from proxy.xds.snapshot import ProxySnapshot, Resource
from proxy.xds.static import content

CHANNEL = "meshweb:config_dump"
PATIENCE_SECONDS = 3
KEPT_SECONDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """One resource as Envoy's message in JSON; a secret's is None."""

    name: str
    version: str
    config: dict[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dump:
    """`types` maps CDS, EDS, SDS, LDS and RDS to their resources by name."""

    revision: int
    types: dict[str, tuple[Served, ...]]


def encode(snapshot: ProxySnapshot, revision: int) -> bytes:
    """A control process's answer. Of secrets it holds names and versions only."""
    types = {
        short: [
            (one.name, one.version, "" if url == SECRET else b64encode(one.wire).decode())
            for _, one in sorted(snapshot.of(url).items())
        ]
        for url, short in SHORT_NAMES.items()
    }
    return json.dumps({"revision": revision, "types": types}).encode()


def decode(answer: bytes) -> Dump:
    told = json.loads(answer)
    return Dump(
        revision=told["revision"],
        types={
            short: tuple(_served(name, version, wire) for name, version, wire in resources)
            for short, resources in told["types"].items()
        },
    )


def _served(name: str, version: str, wire: str) -> Served:
    config = as_dict(content(Resource(name, version, b64decode(wire)))) if wire else None
    return Served(name=name, version=version, config=config)


def ask(proxy_id: str) -> Dump | None:
    """What control serves a proxy; None when none that serves it answers. Raises RedisError."""
    from redis import Redis  # noqa: PLC0415  control has no need of it

    reply = f"{CHANNEL}:{uuid4()}"
    with Redis.from_url(settings.BROKER_URL, socket_timeout=PATIENCE_SECONDS + 1) as broker:
        if not broker.publish(CHANNEL, json.dumps({"proxy": proxy_id, "reply": reply})):
            return None
        answer = broker.blpop([reply], timeout=PATIENCE_SECONDS)
    return decode(answer[1]) if answer else None
