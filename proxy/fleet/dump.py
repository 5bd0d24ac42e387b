"""What a proxy is served, for people: control tells the web over the broker, without private keys.

The web publishes a question on `CHANNEL`; the control process that serves the proxy pushes one
answer on the list that the question names. Bytes go over as they are, the web makes them readable.
Of a secret only its certificates go over.
"""

import json
import time
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
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
    """One resource as Envoy's message in JSON; of a secret there is `pem` instead, without keys."""

    name: str
    version: str
    config: dict[str, Any] | None
    pem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dump:
    """`types` maps CDS, EDS, SDS, LDS and RDS to their resources by name."""

    revision: int
    types: dict[str, tuple[Served, ...]]


def encode(snapshot: ProxySnapshot, revision: int) -> bytes:
    """A control process's answer. It holds no private key."""
    types = {
        short: [
            (one.name, one.version, *_told(url, one)) for _, one in sorted(snapshot.of(url).items())
        ]
        for url, short in SHORT_NAMES.items()
    }
    return json.dumps({"revision": revision, "types": types}).encode()


def _told(url: str, resource: Resource) -> tuple[str, str]:
    """The bytes of a resource as text, or what is public of a secret."""
    if url != SECRET:
        return b64encode(resource.wire).decode(), ""
    secret = as_dict(content(resource))
    public = (
        secret.get("tls_certificate", {}).get("certificate_chain", {}),
        secret.get("validation_context", {}).get("trusted_ca", {}),
    )
    return "", "".join(str(one.get("inline_string", "")) for one in public)


def decode(answer: bytes) -> Dump:
    told = json.loads(answer)
    return Dump(
        revision=told["revision"],
        types={
            short: tuple(_served(*told) for told in resources)
            for short, resources in told["types"].items()
        },
    )


def _served(name: str, version: str, wire: str, pem: str) -> Served:
    config = as_dict(content(Resource(name, version, b64decode(wire)))) if wire else None
    return Served(name=name, version=version, config=config, pem=pem)


def ask(proxy_id: str) -> Dump | None:
    """What control serves a proxy; None when none that serves it answers. Raises RedisError."""
    answers = asked(CHANNEL, {"proxy": proxy_id}, PATIENCE_SECONDS)
    answer = next(answers, None)
    return None if answer is None else decode(answer)


def asked(channel: str, question: Mapping[str, Any], patience_seconds: float) -> Iterator[bytes]:
    """What control processes answer, one after the other, until all have or time is out.

    Raises RedisError.
    """
    from redis import Redis  # noqa: PLC0415  control has no need of it

    reply = f"{channel}:{uuid4()}"
    until = time.monotonic() + patience_seconds
    with Redis.from_url(settings.BROKER_URL, socket_timeout=patience_seconds + 1) as broker:
        listeners = broker.publish(channel, json.dumps({**question, "reply": reply}))
        for _ in range(int(listeners)):
            left = until - time.monotonic()
            answer = broker.blpop([reply], timeout=max(left, 0.01)) if left > 0 else None
            if answer is None:
                return
            yield answer[1]
