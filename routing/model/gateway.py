"""Gateway: what the mesh's edge listens for."""

from dataclasses import dataclass, field

from routing.ir import GatewayTlsMode
from routing.ir import ServerTls as TlsSettings
from routing.model.metadata import Metadata
from topology.contracts import Labels


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerTls:
    """`mode` None only redirects plain requests to https.

    `credential` and `more_credentials` name Secrets with certificates, `authorities` one to check
    clients with (else the first's own). `settings` is what needs no Secret.
    """

    mode: GatewayTlsMode | None = None
    credential: str = ""
    https_redirect: bool = False
    more_credentials: tuple[str, ...] = ()
    authorities: str = ""
    settings: TlsSettings = field(default_factory=TlsSettings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """`hosts` are as written: "*", "x.example", "./x.example", "ns/x.example"."""

    port: int
    port_name: str
    protocol: str
    hosts: tuple[str, ...]
    name: str = ""
    tls: ServerTls | None = None
    bind: str = ""

    @property
    def is_tls(self) -> bool:
        return self.protocol in ("HTTPS", "TLS")

    @property
    def is_http(self) -> bool:
        return self.protocol in ("HTTP", "HTTP2", "GRPC", "GRPC-WEB", "HTTPS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """`selector` picks gateway pods by label, in all namespaces or in `namespace` only.

    `listener` names the one of a Gateway API Gateway that this is.
    """

    metadata: Metadata
    selector: Labels = ()
    namespace: str = ""
    listener: str = ""
    servers: tuple[Server, ...] = ()
