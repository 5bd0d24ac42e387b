"""TLS for control's two ports: a certificate of its own, renewed while it runs."""

import threading
from datetime import datetime
from typing import Any, cast

import grpc
from django.utils import timezone

from proxy.identity import certificates
from proxy.identity.authority import Authority
from proxy.identity.certificates import KeyPair

LOOPBACK = ("localhost", "127.0.0.1", "::1")
RENEW_AFTER = certificates.SVID_LIFETIME / 2


class ControlCredentials:
    """Server credentials whose certificate is at most half a lifetime old on each new connection."""

    def __init__(self, authority: Authority, hosts: tuple[str, ...] = LOOPBACK) -> None:
        self._authority = authority
        self._hosts = hosts
        self._lock = threading.Lock()
        self._made_at: datetime | None = None
        self._pair = KeyPair(certificate_pem="", key_pem="")

    def mtls(self) -> grpc.ServerCredentials:
        """For ADS_PORT: every client shows a certificate of the mesh."""
        return self._dynamic(require_client=True)

    def tls(self) -> grpc.ServerCredentials:
        """For SIGNING_PORT: clients have no certificate yet."""
        return self._dynamic(require_client=False)

    def current(self) -> KeyPair:
        with self._lock:
            now = timezone.now()
            if self._made_at is None or now - self._made_at >= RENEW_AFTER:
                self._pair = self._authority.control_certificate(self._hosts, now=now)
                self._made_at = now
            return self._pair

    def _dynamic(self, *, require_client: bool) -> grpc.ServerCredentials:
        roots = self._authority.roots_pem.encode() if require_client else None
        given: KeyPair | None = None

        def configuration() -> grpc.ServerCertificateConfiguration | None:
            """Called by gRPC on every new connection; None keeps what it has."""
            nonlocal given
            pair = self.current()
            if pair is given:
                return None
            given = pair
            chain = (pair.key_pem.encode(), pair.certificate_pem.encode())
            return grpc.ssl_server_certificate_configuration([chain], roots)

        first = configuration()
        if first is None:
            raise AssertionError("the first configuration is always new")
        # the stubs do not know that None is an answer
        return grpc.dynamic_ssl_server_credentials(first, cast(Any, configuration), require_client)
