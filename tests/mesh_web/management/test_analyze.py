"""`meshweb analyze` prints findings of files and says by its exit code whether there are errors."""

import io
import json
from pathlib import Path

import pytest
import yaml
from django.core.management import call_command

WARNED = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: shop}\n"
WRONG = "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: d}\nspec: {mtls: {mode: ON}}\n"


def test_warnings_alone_are_no_failure(tmp_path: Path) -> None:
    file, out = tmp_path / "a.yaml", io.StringIO()
    file.write_text(WARNED)
    call_command("analyze", str(file), "-o", "json", stdout=out)
    assert json.loads(out.getvalue()) == [
        {
            "code": "KIA1301", "severity": "warning", "resource": "Pod shop/p", "path": "",
            "message": "no AuthorizationPolicy covers this workload", "fix": "add one",
        }
    ]  # fmt: skip


def test_an_error_is_exit_code_1(tmp_path: Path) -> None:
    file, out = tmp_path / "a.yaml", io.StringIO()
    file.write_text(WRONG)
    with pytest.raises(SystemExit) as ended:
        call_command("analyze", str(file), stdout=out)
    assert ended.value.code == 1
    heading, line = out.getvalue().splitlines()
    assert heading.split() == ["SEVERITY", "CODE", "RESOURCE", "PATH", "MESSAGE"]
    assert line.split()[:5] == ["error", "IST0106", "PeerAuthentication", "d", "spec.mtls.mode"]


def test_nothing_to_say_is_said(tmp_path: Path) -> None:
    file, out = tmp_path / "a.yaml", io.StringIO()
    file.write_text("")
    call_command("analyze", str(file), stdout=out)
    assert out.getvalue() == "nothing found\n"


def test_a_file_that_is_not_there_is_exit_code_2(tmp_path: Path) -> None:
    out = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("analyze", str(tmp_path / "missing.yaml"), stdout=out)
    assert (ended.value.code, "cannot be read" in out.getvalue()) == (2, True)


def test_findings_as_yaml_are_those_of_json(tmp_path: Path) -> None:
    file, as_json, as_yaml = tmp_path / "a.yaml", io.StringIO(), io.StringIO()
    file.write_text(WARNED)
    call_command("analyze", str(file), "-o", "json", stdout=as_json)
    call_command("analyze", str(file), "-o", "yaml", stdout=as_yaml)
    assert yaml.safe_load(as_yaml.getvalue()) == json.loads(as_json.getvalue())
