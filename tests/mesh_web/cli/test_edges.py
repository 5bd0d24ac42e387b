"""Where the server is, who may do what, what goes wrong, and how fast it starts."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from mesh_web.accounts.services import create_token
from mesh_web.cli.commands import COMMANDS, module_of
from mesh_web.cli.managed import managed_commands
from mesh_web.cli.server import find
from rest.contracts import Role
from tests.mesh_web.cli.conftest import Meshweb
from tests.routing.app.shop import strict

ROOT = Path(__file__).resolve().parents[3]


def run(script: str, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script, *words],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_server_is_the_one_given_named_or_running_here(tmp_path: Path) -> None:
    (tmp_path / "admin-token").write_text("mw_here\n")
    here = {"MESHWEB_HOME": str(tmp_path), "MESHWEB_PORT_OFFSET": "2600"}
    named = {**here, "MESHWEB_URL": "https://mesh.example/", "MESHWEB_TOKEN": "mw_there"}
    found = [
        (place.url, place.token)
        for place in (
            find("", "", here),
            find("", "", named),
            find("http://127.0.0.1:1", "mw_given", named),
            find("https://mesh.example", "", here),
        )
    ]
    assert found == [
        ("http://127.0.0.1:10600", "mw_here"),
        ("https://mesh.example", "mw_there"),
        ("http://127.0.0.1:1", "mw_given"),
        ("https://mesh.example", ""),  # the local administrator's token stays here
    ]


def test_no_server_is_three_and_says_what_to_do(meshweb: Meshweb) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        said = meshweb("pods", "--server", f"http://127.0.0.1:{taken.getsockname()[1]}")
    assert (said.code, "Start it with `meshweb up`" in said.err) == (3, True)


@pytest.mark.parametrize("server", ["ftp://127.0.0.1", "127.0.0.1:8000", "http://127.0.0.1:x"])
def test_what_is_no_url_is_two(meshweb: Meshweb, server: str) -> None:
    said = meshweb("pods", "--server", server)
    assert (said.code, "is no URL of a server" in said.err) == (2, True)


def test_a_wrong_token_says_where_one_is_looked_for(meshweb: Meshweb) -> None:
    said = meshweb("revisions", "--token", "mw_wrong")
    assert (said.code, "Give --token or MESHWEB_TOKEN" in said.err) == (1, True)


def test_a_reader_may_not_write(meshweb: Meshweb) -> None:
    Path("mesh.yaml").write_text(strict())
    word = create_token(name="wall", role=Role.VIEWER)
    said = meshweb("apply", "-f", "mesh.yaml", "--token", word)
    assert (said.code, said.err) == (
        1,
        (
            "meshweb apply: wall may not change anything. Use a token that may: "
            "`meshweb token create --role operator --name ME`.\n"
        ),
    )


@pytest.mark.parametrize(
    "words",
    [
        ("apply",),
        ("apply", "-f", "missing.yaml"),
        ("apply", "-f", "."),
        ("apply", "-f", "mesh.yaml", "--wait", "soon"),
        ("get", "stars"),
        ("get", "vs", "payments"),
        ("get", "all", "payments", "-n", "shop"),
        ("pods", "--token", "mw_a\nHost: b"),
        ("delete", "all", "payments", "-n", "shop"),
        ("revert", "--wait", "12"),
        ("revert", "last"),
        ("revisions", "show"),
        ("weights", "payments", "-n", "shop", "v1"),
        ("scale", "payments", "many", "-n", "shop"),
        ("pods", "-o", "xml"),
    ],
)
def test_wrong_words_are_two_with_a_sentence(meshweb: Meshweb, words: tuple[str, ...]) -> None:
    said = meshweb(*words)
    assert (said.code, said.out, bool(said.err), "Traceback" in said.err) == (2, "", True, False)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(meshweb: Meshweb, command: str) -> None:
    said = meshweb(command, "--help")
    assert (said.code, "Exit codes: 0 done" in said.out, f"meshweb {command}" in said.out) == (
        0,
        True,
        True,
    )


def test_no_command_hides_a_management_command() -> None:
    from django.core.management import get_commands  # noqa: PLC0415

    assert set(COMMANDS) & {name.replace("_", "-") for name in get_commands()} == set()
    assert {"up", "demo", "token", "analyze", "promql-test"} <= set(managed_commands())


def test_a_client_command_loads_no_django() -> None:
    names = ["mesh_web.cli.main", *map(module_of, COMMANDS)]
    script = (
        f"import importlib, sys; [importlib.import_module(name) for name in {names!r}];"
        "print(sorted({'django', 'celery', 'ninja', 'pydantic', 'yaml'} & set(sys.modules)))"
    )
    assert run(script).stdout == "[]\n"


def test_the_entry_point_knows_both_kinds_of_commands() -> None:
    script = "from mesh_web.command_line import main; main()"
    overview = run(script, "--help")
    assert (overview.returncode, "proxy-status" in overview.stdout, "demo" in overview.stdout) == (
        0,
        True,
        True,
    )
    assert "meshweb token" in run(script, "token", "--help").stdout
    assert "meshweb get" in run(script, "help", "get").stdout
    assert run(script, "get", "vs", MESHWEB_URL="http://127.0.0.1:1").returncode == 3
    unknown = run(script, "frobnicate")
    assert (unknown.returncode, "there is no command frobnicate" in unknown.stderr) == (2, True)


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["meshweb", "pro"], ["proxy-status", "proxy-config", "promql-test"]),
        (["meshweb", "get", "Virt"], ["VirtualService"]),
        (["meshweb", "get", "vs", "-o", "ya"], ["yaml"]),
        (["meshweb", "mtls", "ST"], ["STRICT"]),
        (["meshweb", "apply", "--ex"], ["--expires"]),
    ],
)
def test_bash_completes(meshweb: Meshweb, words: list[str], offered: list[str]) -> None:
    completion = meshweb("completion", "bash").out
    typed = " ".join(f"'{word}'" for word in words)
    script = f'{completion}\nCOMP_WORDS=({typed}); COMP_CWORD={len(words) - 1}; _meshweb; echo "${{COMPREPLY[@]}}"'
    said = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert sorted(said.stdout.split()) == sorted(offered)


@pytest.mark.parametrize("shell", ["bash", "zsh"])
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["get", "vs", ""], ["VS-1"]),
        (["delete", "svc", "-n", "shop", ""], ["SVC-1", "SHOP"]),
        (["get", "vs", "-n", ""], ["NAMESPACE-1"]),
        (["weights", ""], ["SERVICE-1"]),
        (["scale", ""], ["DEPLOYMENT-1"]),
        (["get", "-o", ""], ["table", "yaml", "json"]),
    ],
)
def test_names_are_completed_as_the_mesh_knows_them(
    meshweb: Meshweb, tmp_path: Path, shell: str, words: list[str], offered: list[str]
) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    asked = tmp_path / "meshweb"
    asked.write_text("#!/bin/sh\n(echo $3-1; echo $5) | tr a-z A-Z | grep .\n")
    asked.chmod(0o700)
    typed = " ".join(f"'{word}'" for word in (str(asked), *words))
    script = meshweb("completion", shell).out
    if shell == "bash":
        script += (
            f'\nCOMP_WORDS=({typed}); COMP_CWORD={len(words)}; _meshweb; echo "${{COMPREPLY[@]}}"'
        )
    else:
        told = 'compdef() { :; }; compadd() { [ "$1" = -a ] && print -l -- ${(P)2} || print -l -- "$@"; }'
        script = f"{told}\n{script}\nwords=({typed}); CURRENT={len(words) + 1}; _meshweb"
    run = subprocess.run([shell, "-c", script], capture_output=True, text=True, check=True)
    found = run.stdout.split()
    assert set(offered) <= set(found)
    assert "all" not in found


def test_fish_is_told_each_commands_words_and_options(meshweb: Meshweb) -> None:
    lines = meshweb("completion", "fish").out.splitlines()
    get = "complete -c meshweb -n '__fish_seen_subcommand_from get'"
    assert lines[0].startswith("complete -c meshweb -n __fish_use_subcommand -f -a 'apply get ")
    assert [line for line in lines if line.startswith(f"{get} -f -a 'all ")]
    assert {f"{get} -l output -x -a 'table yaml json'", f"{get} -l at", f"{get} -s n"} <= set(lines)
