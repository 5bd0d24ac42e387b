"""STRICT means mutual TLS or nothing, and reaching it costs no request."""

import socket
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.e2e.running import Running
from tests.e2e.waiting import eventually

UNKNOWN_AUTHORITY = "TLSV1_ALERT_UNKNOWN_CA"
ASKING = b"GET /products HTTP/1.1\r\nHost: catalogue.shop:8080\r\nConnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def catalogue(mesh: Running) -> tuple[str, int]:
    (pod,) = mesh.api.pods("catalogue")
    return pod["address"], 8080


@pytest.fixture(scope="module", autouse=True)
def permissive_again(mesh: Running) -> Iterator[None]:
    yield
    mesh.api.mtls("shop", "PERMISSIVE")
    mesh.visitors.pause()


def in_plain_text(address: tuple[str, int]) -> bytes:
    """The first bytes that the sidecar answers; empty when it closes without a word."""
    with socket.create_connection(address, 2) as connection:
        connection.settimeout(3)
        try:
            connection.sendall(ASKING)
            return connection.recv(64)
        except ConnectionError:
            return b""


def with_a_foreign_certificate(address: tuple[str, int], folder: Path) -> str:
    """The TLS alert, or "accepted", for one who has the right name from the wrong authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.load_cert_chain(foreign_certificate(folder))
    context.set_alpn_protocols(["istio-peer-exchange", "istio", "http/1.1"])
    with socket.create_connection(address, 2) as plain:
        plain.settimeout(3)
        try:
            with context.wrap_socket(plain) as connection:
                # in TLS 1.3 the verdict comes after the handshake; who writes may miss it
                return connection.recv(64).decode()
        except TimeoutError:
            return "accepted"
        except ssl.SSLError as refusal:
            return refusal.reason or str(refusal)


def foreign_certificate(folder: Path) -> Path:
    """Storefront's SPIFFE ID, signed by an authority that the mesh does not know."""
    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    now = datetime.now(UTC)

    def certificate(
        names: list[x509.GeneralName], of: ec.EllipticCurvePrivateKey, *, ca: bool
    ) -> x509.Certificate:
        name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "elsewhere")])
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(of.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=1))
            .not_valid_after(now + timedelta(hours=1))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(ca_key, hashes.SHA256())

    spiffe_id = x509.UniformResourceIdentifier("spiffe://cluster.local/ns/shop/sa/storefront")
    chain = (certificate([spiffe_id], key, ca=False), certificate([], ca_key, ca=True))
    path = folder / "foreign.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + b"".join(c.public_bytes(serialization.Encoding.PEM) for c in chain)
    )
    return path


def test_permissive_takes_plain_text(catalogue: tuple[str, int]) -> None:
    assert in_plain_text(catalogue).startswith(b"HTTP/1.1 200")


def test_no_request_fails_across_switches_to_strict_and_back(mesh: Running) -> None:
    before = mesh.visitors.pause()["total"]
    mesh.visitors.rate(25)
    time.sleep(2)
    for mode in ("STRICT", "PERMISSIVE", "STRICT"):
        result = mesh.api.mtls("shop", mode)
        assert result["converged"] == result["total"] > 0
        time.sleep(2)
    after = mesh.visitors.pause()
    assert after["total"]["failed"] - before["failed"] == 0, after["failures"]
    assert after["total"]["succeeded"] - before["succeeded"] > 100


def test_strict_refuses_plain_text(catalogue: tuple[str, int]) -> None:
    assert in_plain_text(catalogue) == b""


def test_strict_refuses_a_foreign_authority(catalogue: tuple[str, int], tmp_path: Path) -> None:
    assert with_a_foreign_certificate(catalogue, tmp_path) == UNKNOWN_AUTHORITY


def test_a_foreign_authority_is_refused_in_permissive_mode_too(
    mesh: Running, catalogue: tuple[str, int], tmp_path: Path
) -> None:
    mesh.api.mtls("shop", "PERMISSIVE")
    assert with_a_foreign_certificate(catalogue, tmp_path) == UNKNOWN_AUTHORITY
    eventually(
        "plain text is taken again",
        lambda: in_plain_text(catalogue).startswith(b"HTTP/1.1 200"),
        within=10,
    )


def test_the_mode_says_where_it_comes_from(mesh: Running) -> None:
    mesh.api.mtls("shop", "STRICT")
    assert mesh.api.get("/namespaces/shop/workloads/catalogue/mtls")["effective"] == "STRICT"
    assert mesh.api.get("/namespaces/shop/mtls")["mode"] == "STRICT"
    assert mesh.api.get("/mtls")["effective"] == "PERMISSIVE"
