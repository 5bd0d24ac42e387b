"""Whose pages may open the live socket."""

import pytest

from mesh_web.live.origin import may_open

HOSTS = ["localhost", "127.0.0.1", "[::1]"]
CONFIGURED = ["https://mesh.example"]


def opens(*origins: str, host: str = "localhost:8000", scheme: str = "ws") -> bool:
    headers = [(b"host", host.encode()), *((b"origin", one.encode()) for one in origins)]
    return may_open({"scheme": scheme, "headers": headers}, HOSTS, CONFIGURED)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://localhost:8000", "localhost:8000"),
        ("http://LOCALHOST:8000", "localhost:8000"),
        ("http://[::1]:8000", "[::1]:8000"),
        ("https://localhost", "localhost"),
        ("https://mesh.example", "inner:8000"),
    ],
)
def test_its_own_pages_and_configured_ones_may(origin: str, host: str) -> None:
    assert opens(origin, host=host)


@pytest.mark.parametrize(
    "origin",
    [
        "http://localhost:8080",
        "http://localhost",
        "http://127.0.0.1:8000",
        "http://localhost:8000.evil.test",
        "http://evil.test",
        "file://localhost:8000",
        "http://mesh.example",
        "null",
        "",
    ],
)
def test_pages_of_another_port_or_host_may_not(origin: str) -> None:
    assert not opens(origin)


def test_a_foreign_name_that_resolves_to_this_server_may_not() -> None:
    assert not opens("http://evil.test:8000", host="evil.test:8000")


def test_a_page_of_plain_text_may_not_use_tls() -> None:
    assert opens("https://localhost:8000", scheme="wss")
    assert not opens("http://localhost:8000", scheme="wss")


def test_no_origin_or_two_of_them_may_not() -> None:
    assert not opens()
    assert not opens("http://localhost:8000", "http://localhost:8000")
