"""The command line against the real API on a loopback port."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.db import connection

from mesh_web.accounts.services import create_token
from mesh_web.cli.main import main
from mesh_web.wsgi import application
from rest.contracts import Role


@dataclass(frozen=True)
class Said:
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str


Meshweb = Callable[..., Said]


class Quiet(WSGIRequestHandler):
    def log_message(self, *_args: Any) -> None:
        return


class Closing(WSGIServer):
    """Gives its database connection back after each request."""

    def shutdown_request(self, request: Any) -> None:
        connection.close()
        super().shutdown_request(request)


@pytest.fixture
def url(transactional_db: None) -> Iterator[str]:
    with make_server("127.0.0.1", 0, application, Closing, Quiet) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def token(transactional_db: None) -> str:
    return create_token(name="ci", role=Role.OPERATOR)


@pytest.fixture
def meshweb(
    url: str,
    token: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> Meshweb:
    monkeypatch.setenv("MESHWEB_URL", url)
    monkeypatch.setenv("MESHWEB_TOKEN", token)
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> Said:
        try:
            code = main(words)
        except SystemExit as end:  # argparse's own way to end
            code = int(end.code or 0)
        said = capsys.readouterr()
        return Said(code=code, out=said.out, err=said.err)

    return call
