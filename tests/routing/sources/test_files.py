"""Files become one cluster, whatever is in them."""

from pathlib import Path

from rest.contracts import Finding, Severity
from routing.checks.cluster import POD, SERVICE
from routing.sources.files import read_files, read_text


def test_a_list_is_unrolled_and_names_are_as_written() -> None:
    source = read_text(
        "kind: PodList\nitems: [{kind: Pod, apiVersion: v1, metadata: {name: a}}]\n---\n"
        "kind: Namespace\napiVersion: v1\nmetadata: {name: n}\n---\n"
        "kind: Odd\napiVersion: x.example/v2\nmetadata: {name: o, namespace: shop}\n"
    )
    assert [(o.group, o.written, o.namespace) for o in source.cluster.objects] == [
        ("", "Pod a", "default"),
        ("", "Namespace n", ""),
        ("x.example", "Odd shop/o", "shop"),
    ]
    assert source.findings == ()


def test_a_pod_and_a_service_may_be_given_in_short() -> None:
    source = read_text(
        '{"pod": {"name": "p", "namespace": "n", "labels": {"a": "b"}},'
        ' "service": {"name": "s", "namespace": "n", "selector": {"a": "b"}}}'
    )
    assert [o.written for o in source.cluster.of(POD, SERVICE)] == ["Pod n/p", "Service n/s"]
    assert source.cluster.workloads_with({"a": "b"}, "n")[0].owner.name == "p"


def test_mesh_configuration_comes_from_the_config_map_and_is_overridden(tmp_path: Path) -> None:
    objects, mesh = tmp_path / "a.yaml", tmp_path / "mesh.yaml"
    objects.write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\n"
        "data: {mesh: 'rootNamespace: root\n\n  enableAutoMtls: true', meshNetworks: 'networks: {}'}\n"
    )
    mesh.write_text("enableAutoMtls: false\n")
    cluster = read_files([tmp_path / "a.yaml"], mesh=mesh).cluster
    assert (cluster.root_namespace, dict(cluster.mesh), dict(cluster.networks)) == (
        "root",
        {"rootNamespace": "root", "enableAutoMtls": False},
        {"networks": {}},
    )


def test_what_cannot_be_read_is_a_finding_about_the_file(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("a: [\n")
    absent = tmp_path / "absent.yaml"
    found = read_files([broken, absent]).findings
    assert [(f.code, f.severity, f.resource) for f in found] == [
        ("MSH1001", Severity.ERROR, str(broken)),
        ("MSH1001", Severity.ERROR, str(absent)),
    ]


def test_a_folder_means_its_files(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text("kind: Pod\nmetadata: {name: a}\n")
    (tmp_path / "two.json").write_text('{"kind": "Pod", "metadata": {"name": "b"}}')
    (tmp_path / "read.me").write_text("not: read")
    objects = read_files([tmp_path]).cluster.objects
    assert [o.name for o in objects] == ["a", "b"]


def test_a_document_that_is_no_object_is_a_finding() -> None:
    assert read_text("[1]\n---\na: b\n", origin="f").findings == (
        Finding(
            code="MSH1010", severity=Severity.ERROR, resource="f", path="",
            message="a document must be a mapping, not list", fix="",
        ),
        Finding(
            code="MSH1011", severity=Severity.ERROR, resource="f", path="kind",
            message="kind is required", fix="",
        ),
    )  # fmt: skip
