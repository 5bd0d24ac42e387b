"""What the examples of all fields make of the mesh is taken by the real Envoy."""

import copy
import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from proxy.xds import descriptors, static
from proxy.xds.snapshot import ProxySnapshot
from tests.routing.self_signed import of_today, self_signed
from tests.routing.test_every_field import ISTIO, Example, examples, material, mesh_input, world

pytestmark = pytest.mark.envoy

FILES = {
    "clientCertificate": "chain.pem",
    "serverCertificate": "chain.pem",
    "caCertificates": "chain.pem",
    "privateKey": "key.pem",
    "caCrl": "crl.pem",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate, its key and a list of revoked ones, as files."""
    made = tmp_path_factory.mktemp("tls")
    lifetime = of_today()
    one = self_signed("example", lifetime=lifetime, authority=True)
    revoked = x509.CertificateRevocationListBuilder(
        one.certificate.subject, lifetime.since, lifetime.until
    ).sign(one.key, hashes.SHA256())
    (made / "chain.pem").write_text(one.certificate_pem)
    (made / "crl.pem").write_bytes(revoked.public_bytes(serialization.Encoding.PEM))
    (made / "key.pem").write_text(one.key_pem)
    return made


def with_files(value: Any, folder: Path) -> Any:
    """A spec whose file names lead to real files."""
    if isinstance(value, list):
        return [with_files(item, folder) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: str(folder / FILES[key]) if key in FILES else with_files(item, folder)
        for key, item in value.items()
    }


def snapshots(example: Example, folder: Path) -> Iterator[ProxySnapshot]:
    """Of the proxies that the example makes a difference to."""
    document = example.document(with_files(copy.deepcopy(example.spec), folder))
    bare = world().compiler.compile(mesh_input()).configs
    beside = (replace(one, spec=with_files(one.spec, folder)) for one in example.beside)
    made = world().compiler.compile(mesh_input(document, *beside)).configs
    for proxy_id, config in made.items():
        if config is not bare[proxy_id]:
            yield world().snapshots.snapshot(config, material=material)


@pytest.mark.parametrize("kind", [name for name in ISTIO if examples(name)])
def test_envoy_takes_what_the_examples_make(kind: str, folder: Path, tmp_path: Path) -> None:
    refused = {}
    for i, example in enumerate(examples(kind)):
        bootstrap = tmp_path / f"{i}.json"
        bootstrap.write_text(json.dumps(static.bootstrap(snapshots(example, folder))))
        command = [str(descriptors.installed_binary()), "--mode", "validate", "-c", str(bootstrap)]
        said = subprocess.run(
            [*command, "-l", "error"], capture_output=True, text=True, check=False
        )
        if said.returncode != 0:
            refused[i] = said.stderr + said.stdout
    assert refused == {}
