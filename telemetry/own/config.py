"""Where our own telemetry goes, and how much of it."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from ssl import SSLContext

OTLP_HTTP_PORT = 4318
NAMESPACE = "meshweb-system"
"""Where Meshweb's own processes are, as if they were workloads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One that speaks OTLP over HTTP. `authorities` and `certificate` are PEM files; "" for none.

    `headers` go with every request, as a token does.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    authorities: str = ""
    certificate: str = ""

    def tls(self) -> "SSLContext | None":
        """None for plain HTTP. Raises OSError for files that cannot be read."""
        if urlsplit(self.url).scheme != "https":
            return None
        import ssl  # noqa: PLC0415  4 MB that plain HTTP does not need

        context = ssl.create_default_context(cafile=self.authorities or None)
        if self.certificate:
            context.load_cert_chain(self.certificate)
        return context


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnTelemetry:
    """Where all processes of one host send what they tell of themselves.

    `endpoints` get traces, metrics and logs; `jaeger` ("" for none) traces, in Jaeger's Thrift.
    `sampling` is the share of what changes nothing; changes are always traced. `secrets` are
    taken out of everything that is sent.
    """

    endpoints: tuple[Endpoint, ...] = ()
    jaeger: str = ""
    sampling: float = 0.1
    host: str = ""
    secrets: tuple[str, ...] = field(default=(), repr=False)


def read(
    environ: Mapping[str, str], *, collector: str, port_offset: int, token: str, secret: str = ""
) -> OwnTelemetry:
    """From MESHWEB_OWN_TELEMETRY, _OWN_SAMPLING, _OTLP_* and _JAEGER_ENDPOINT (see mesh_web.settings).

    Our own collector's gRPC door is at `collector` ("host:port"), its HTTP door beside it.
    """
    host = collector.split(",", maxsplit=1)[0].rpartition(":")[0] or "127.0.0.1"
    ours = Endpoint(
        url=f"http://{host}:{OTLP_HTTP_PORT + port_offset}",
        headers={"authorization": f"Bearer {token}"} if token else {},
    )
    others = _another(environ)
    off = environ.get("MESHWEB_OWN_TELEMETRY", "on").lower() == "off"
    return OwnTelemetry(
        endpoints=others if off else (ours, *others),
        jaeger=environ.get("MESHWEB_JAEGER_ENDPOINT", ""),
        sampling=float(environ.get("MESHWEB_OWN_SAMPLING", "10")) / 100,
        host=socket.gethostname(),
        secrets=(secret,) if secret else (),
    )


def _another(environ: Mapping[str, str]) -> tuple[Endpoint, ...]:
    url = environ.get("MESHWEB_OTLP_ENDPOINT", "").strip()
    if not url:
        return ()
    given = Endpoint(
        url=url,
        headers=headers_of(environ.get("MESHWEB_OTLP_HEADERS", "")),
        authorities=environ.get("MESHWEB_OTLP_CA", ""),
        certificate=environ.get("MESHWEB_OTLP_CERTIFICATE", ""),
    )
    return (given,)


def headers_of(text: str) -> dict[str, str]:
    """`name=value` pairs parted by commas, values percent-encoded as OpenTelemetry has them."""
    pairs = (one.partition("=") for one in text.split(",") if "=" in one)
    return {name.strip().lower(): unquote(value.strip()) for name, _, value in pairs}


def fault(telemetry: OwnTelemetry) -> str:
    """What is wrong with what was set; "" if nothing."""
    for one in telemetry.endpoints:
        if urlsplit(one.url).scheme not in ("http", "https") or not urlsplit(one.url).hostname:
            return f"MESHWEB_OTLP_ENDPOINT: {one.url} is no http:// or https:// address"
    jaeger = urlsplit(telemetry.jaeger)
    if telemetry.jaeger and (jaeger.scheme not in ("http", "https", "udp") or not jaeger.hostname):
        return "MESHWEB_JAEGER_ENDPOINT is no http://, https:// or udp:// address"
    if not 0 <= telemetry.sampling <= 1:
        return "MESHWEB_OWN_SAMPLING is no percentage"
    return ""
