"""The shop's manifests: whole, consistent, and the same at every start."""

import stat
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from demo.fault import application_address
from demo.start import manifests, tls_secret


def names(kind: str) -> set[str]:
    found = (d["metadata"] for d in manifests() if d["kind"] == kind)
    return {f"{m.get('namespace', '')}/{m['name']}" for m in found}


def deployments() -> list[dict[str, Any]]:
    return [d for d in manifests() if d["kind"] == "Deployment"]


def test_the_shop_has_its_workloads() -> None:
    assert names("Deployment") == {
        "istio-ingress/istio-ingressgateway",
        "istio-egress/istio-egressgateway",
        *(f"shop/reviews-{v}" for v in ("v1", "v2", "v3")),
        *(f"shop/payments-{v}" for v in ("v1", "v2")),
        *(f"shop/{n}" for n in ("storefront", "catalogue", "ratings", "cart", "checkout")),
        *(f"shop/{n}" for n in ("datastore", "recommendations")),
    }


def test_every_pod_has_an_account_that_exists() -> None:
    accounts = names("ServiceAccount")
    for deployment in deployments():
        account = deployment["spec"]["template"]["spec"]["serviceAccountName"]
        assert f"{deployment['metadata']['namespace']}/{account}" in accounts


def test_every_resource_is_in_a_namespace_that_exists_and_comes_after_it() -> None:
    known: set[str] = set()
    for document in manifests():
        if document["kind"] == "Namespace":
            known.add(document["metadata"]["name"])
        else:
            assert document["metadata"]["namespace"] in known


def test_only_the_carrier_moves_with_the_port_offset(settings: LazySettings) -> None:
    settings.PORT_OFFSET = 0
    at_home = list(manifests())
    settings.PORT_OFFSET = 100
    (entry,) = [d for d in manifests() if d not in at_home]
    assert entry["spec"]["endpoints"] == [{"address": "127.0.0.1", "ports": {"http": 8190}}]


def test_the_certificate_is_made_once_and_its_key_is_private(tmp_path: Path) -> None:
    first = tls_secret(tmp_path / "tls")
    assert tls_secret(tmp_path / "tls") == first
    assert stat.S_IMODE((tmp_path / "tls" / "tls.key").stat().st_mode) == 0o600
    assert sorted(first["data"]) == ["tls.crt", "tls.key"]


@pytest.mark.parametrize(
    ("pod", "app"), [("127.66.0.2", "127.67.0.2"), ("127.254.9.1", "127.255.9.1")]
)
def test_an_application_listens_in_the_network_after_its_pod(pod: str, app: str) -> None:
    assert application_address(pod) == app
