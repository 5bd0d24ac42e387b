"""No secret leaves in a log or a span."""

import pytest

from telemetry.own.redaction import Redaction

KEY = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq\n-----END PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Authorization: Bearer mw_abcdef123456", "Authorization: Bearer [hidden]"),
        ('{"password": "hunter two"}', '{"password": [hidden]}'),
        ("token=mw_12345678&x=1", "token=[hidden]&x=1"),
        ("MESHWEB_INGEST_TOKEN=0123456789", "MESHWEB_INGEST_TOKEN=[hidden]"),
        ("api-key: 'abc def'", "api-key: [hidden]"),
        ("GET /login/once/s3cretword HTTP/1.1", "GET /login/once/[hidden] HTTP/1.1"),
        ("redis://user:pa55@host:6379/0", "redis://user:[hidden]@host:6379/0"),
        (f"loaded {KEY} twice", "loaded [hidden] twice"),
        ("Set-Cookie: meshweb_session=abc; Path=/", "Set-Cookie: [hidden]; Path=/"),
        (
            "it was eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0abc.c2lnbmF0dXJl",
            "it was [hidden]",
        ),
        ("the key s3cr3t-of-this-host is old", "the key [hidden] is old"),
    ],
)
def test_what_is_secret_is_hidden(said: str, told: str) -> None:
    assert Redaction(["s3cr3t-of-this-host", "short"])(said) == told


@pytest.mark.parametrize(
    "said",
    [
        "revision 7: 12 of 14 proxies to be told",
        "certificate for spiffe://cluster.local/ns/shop/sa/cart, valid until 2026-11-23",
        "proxy sidecar~127.66.0.4~cart.shop refused rds: no such cluster",
        "http://127.0.0.1:8000/api/v1/resources?kind=Secret",
        "short is a word",
    ],
)
def test_what_is_not_stays_as_it_was(said: str) -> None:
    assert Redaction(["short"])(said) == said
