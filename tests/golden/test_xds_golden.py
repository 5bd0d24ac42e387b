"""What every case becomes in Envoy's words, and what the real Envoy says of it.

`xds.<type>.yaml` holds the resources that the bare shop has not, each once; loggers and tracers,
alike in all listeners, are named only (`tests/proxy/xds` has them whole).
"""

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from proxy.xds import descriptors, static
from proxy.xds.messages import SHORT_NAMES, as_dict
from proxy.xds.options import Options
from proxy.xds.snapshot import ProxySnapshot, Resource, SecretMaterial, Snapshots
from routing.ir import GatewaySecret
from tests.golden.cases import BARE, NAMES, load, text
from tests.golden.dangling import dangling

_SNAPSHOTS = Snapshots(Options())


def material(secret: GatewaySecret) -> SecretMaterial:
    return SecretMaterial(
        certificate_chain=f"certificate of {secret.name}", private_key=f"key of {secret.name}"
    )


@cache
def snapshots(name: str) -> tuple[ProxySnapshot, ...]:
    configs = load(name).mesh.configs.values()
    return tuple(_SNAPSHOTS.snapshot(config, None, material) for config in configs)


def resources(name: str, type_url: str) -> dict[tuple[str, str], Resource]:
    """By name and version: proxies share what is equal."""
    return {
        (one.name, one.version): one
        for snapshot in snapshots(name)
        for one in snapshot.of(type_url).values()
    }


def xds_text(name: str, type_url: str) -> str:
    """ "" when the case has no resources of the type but the bare shop's."""
    bare = resources(BARE, type_url) if name != BARE else {}
    fresh = {key: one for key, one in resources(name, type_url).items() if key not in bare}
    told: dict[str, Any] = {}
    for (resource, _), one in sorted(fresh.items(), key=lambda item: item[0][0]):
        number = sum(known.partition("#")[0] == resource for known in told)
        label = f"{resource}#{number + 1}" if number else resource
        told[label] = shortened(as_dict(static.content(one)))
    return text(told) if told else ""


def shortened(value: Any) -> Any:
    if isinstance(value, list):
        return [shortened(one) for one in value]
    if not isinstance(value, dict):
        return value
    short = {key: shortened(value[key]) for key in sorted(value)}
    if "access_log" in short:
        short["access_log"] = [one["name"] for one in short["access_log"]]
    if "tracing" in short:
        short["tracing"] = "..."
    return short


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("type_url", SHORT_NAMES)
def test_the_case_gives_its_xds_files(name: str, type_url: str, rewrite: bool) -> None:
    path = load(name).folder / f"xds.{SHORT_NAMES[type_url].lower()}.yaml"
    made = xds_text(name, type_url)
    if rewrite:
        path.unlink(missing_ok=True)
        if made:
            path.write_text(made)
    assert (path.read_text() if path.exists() else "") == made


@pytest.mark.parametrize("name", NAMES)
def test_every_reference_resolves(name: str) -> None:
    assert [line for config in load(name).mesh.configs.values() for line in dangling(config)] == []


@pytest.mark.envoy
@pytest.mark.parametrize("name", NAMES)
def test_envoy_takes_the_whole_case(name: str, tmp_path: Path) -> None:
    known = {id(one) for one in _all(snapshots(BARE))} if name != BARE else set()
    changed = [
        snapshot
        for snapshot in snapshots(name)
        if any(id(one) not in known for one in _all((snapshot,)))
    ]
    config = tmp_path / "envoy.json"
    config.write_text(json.dumps(static.bootstrap(changed)))
    said = subprocess.run(
        [descriptors.installed_binary(), "--mode", "validate", "-c", config, "-l", "warning"],
        capture_output=True,
        text=True,
        check=False,
    )
    complaints = [line for line in said.stderr.splitlines() if "work-in-progress" not in line]
    assert (said.returncode, complaints) == (0, [])


def _all(given: tuple[ProxySnapshot, ...]) -> list[Resource]:
    return [one for snapshot in given for url in SHORT_NAMES for one in snapshot.of(url).values()]
