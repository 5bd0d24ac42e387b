"""Every command, what it says and how it ends."""

import io
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from proxy.models import ProxyRow
from routing import facade
from routing.contracts import ResourceKey
from tests.mesh_web.cli.conftest import Meshweb
from tests.routing.app.shop import MANIFESTS, ROUTE, RULE, strict
from tests.routing.app.test_gateway_api_status import DOOR
from topology import facade as topology

pytestmark = pytest.mark.django_db(transaction=True)
PROXY = "sidecar~127.66.0.2~payments-v1-abc.shop~shop.svc.cluster.local"


def write(text: str, name: str = "mesh.yaml") -> str:
    Path(name).write_text(text, encoding="utf-8")
    return name


def test_apply_says_what_became_of_it(meshweb: Meshweb) -> None:
    said = meshweb("apply", "-f", write(strict()), "-m", "calmer")
    assert (said.code, said.out) == (
        0,
        "PeerAuthentication shop/default: create\nRevision 1: accepted.\n",
    )
    again = meshweb("apply", "-f", "mesh.yaml")
    assert (again.code, again.out) == (0, "Nothing to change; revision 1 is in force.\n")


def test_apply_reads_directories_and_standard_input(
    meshweb: Meshweb, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("mesh/deeper").mkdir(parents=True)
    write(MANIFESTS, "mesh/1.yaml")
    write(RULE, "mesh/deeper/2.yml")
    write("not: yaml: at: all", "mesh/README")
    assert "DestinationRule shop/payments: create" in meshweb("apply", "-f", "mesh").out
    monkeypatch.setattr(sys, "stdin", io.StringIO(ROUTE))
    assert "VirtualService shop/payments: create" in meshweb("apply", "-f", "-").out


def test_apply_shows_findings_and_ends_with_one(meshweb: Meshweb) -> None:
    meshweb("apply", "-f", write(f"{MANIFESTS}---\n{RULE}"))
    said = meshweb("apply", "-f", write(ROUTE.replace("weight: 90", "weight: 80")))
    assert (said.code, said.out) == (1, "")
    assert "spec.http[0].route: the weights of this route sum to 90, not 100. Fix: " in said.err
    assert meshweb("get", "vs").err == "There are no such resources.\n"


def test_a_dry_run_changes_nothing(meshweb: Meshweb) -> None:
    said = meshweb("apply", "-f", write(strict()), "--dry-run", "--wait")
    assert (said.code, said.out) == (
        0,
        "PeerAuthentication shop/default: create (dry run)\n1 change for 0 proxies.\n",
    )
    assert meshweb("revisions").err == "Nothing was applied yet.\n"


def test_waiting_in_vain_ends_with_one(meshweb: Meshweb) -> None:
    said = meshweb("apply", "-f", write(strict()), "--wait", "10ms")
    assert (said.code, said.out.splitlines()[-1]) == (1, "Revision 1: accepted.")


def test_what_is_applied_may_expire(meshweb: Meshweb) -> None:
    meshweb("apply", "-f", write(strict()), "--expires", "10m")
    found = json.loads(meshweb("get", "pa", "default", "-n", "shop", "-o", "json").out)
    assert list(found["metadata"]["annotations"]) == ["meshweb.dev/expires-at"]
    said = meshweb("apply", "-f", write(strict("DISABLE")), "--expires", "0s")
    assert (said.code, "MSH0905" in said.err) == (1, True)


def test_what_was_got_can_be_applied_again(meshweb: Meshweb) -> None:
    meshweb("apply", "-f", write(f"{MANIFESTS}---\n{RULE}---\n{ROUTE}"))
    said = meshweb("get", "all", "-o", "yaml")
    assert len(list(yaml.safe_load_all(said.out))) == 6
    again = meshweb("apply", "-f", write(said.out))
    assert (again.code, again.out) == (0, "Nothing to change; revision 1 is in force.\n")


@pytest.mark.parametrize("kind", ["vs", "virtualservice", "virtualservices", "VirtualService"])
def test_kinds_are_written_as_people_write_them(meshweb: Meshweb, kind: str) -> None:
    meshweb("apply", "-f", write(f"{MANIFESTS}---\n{RULE}---\n{ROUTE}"))
    said = meshweb("get", kind, "-n", "shop", "payments")
    head, row = (line.split() for line in said.out.splitlines())
    assert head == ["KIND", "NAMESPACE", "NAME", "REVISION", "STATE", "AGE", "FINDINGS", "EXPIRES"]
    assert row[:5] == ["VirtualService", "shop", "payments", "1", "accepted"]


def test_what_is_of_the_whole_cluster_needs_no_namespace(meshweb: Meshweb) -> None:
    assert "Namespace shop: create\n" in meshweb("apply", "-f", write(MANIFESTS)).out
    found = json.loads(meshweb("get", "ns", "shop", "-o", "json").out)
    assert (found["kind"], found["metadata"]["name"]) == ("Namespace", "shop")


def test_the_past_can_be_read(meshweb: Meshweb) -> None:
    meshweb("apply", "-f", write(strict()))
    meshweb("delete", "pa", "default", "-n", "shop")
    assert meshweb("get", "pa", "default", "-n", "shop").code == 1
    said = meshweb("get", "pa", "default", "-n", "shop", "--at", "1", "-o", "yaml")
    assert yaml.safe_load(said.out)["spec"] == {"mtls": {"mode": "STRICT"}}
    assert meshweb("get", "pa", "other", "-n", "shop", "--at", "1").code == 1


def test_diff_is_a_unified_diff_and_ends_with_one_where_it_differs(meshweb: Meshweb) -> None:
    meshweb("apply", "-f", write(strict()))
    said = meshweb("diff", "-f", write(strict("DISABLE")))
    assert (said.code, said.err) == (1, "")
    assert said.out == (
        "--- before PeerAuthentication shop/default\n"
        "+++ after PeerAuthentication shop/default\n"
        "@@ -5,4 +5,4 @@\n"
        "   namespace: shop\n"
        " spec:\n"
        "   mtls:\n"
        "-    mode: STRICT\n"
        "+    mode: DISABLE\n"
        "\n"
        "No Envoy that runs now changes.\n"
    )
    same = meshweb("diff", "-f", write(strict()))
    assert (same.code, same.out) == (0, "")


def test_diff_says_what_changes_in_the_envoys(meshweb: Meshweb) -> None:
    meshweb("apply", "-f", write(f"{MANIFESTS}---\n{RULE}---\n{ROUTE}"))
    topology.reconcile()
    slower = write(ROUTE.replace("timeout: 3s", "timeout: 4s"))
    said = meshweb("diff", "-f", slower).out.partition("\n\n")[2].splitlines()
    pods, change, field = said
    assert (pods.count("payments-v"), pods[-1], change) == (
        2,
        ":",
        "  ~ route outbound (VirtualService shop/payments spec.http[0])",
    )
    assert field.startswith("      payments.shop.svc.cluster.local:8080 shop/payments:0: ")
    assert field.endswith("timeout_ms 3000 -> 4000")
    effects = json.loads(meshweb("diff", "-f", slower, "-o", "json").out)["effects"]
    assert effects["proxies"] == 2
    meshweb("apply", "-f", slower)
    assert said == meshweb("revisions", "compare", "1", "2", "--proxies").out.splitlines()[-3:]
    assert said == meshweb("revisions", "show", "2", "--proxies").out.splitlines()[-3:]


def test_a_value_of_several_parts_is_shown_as_a_diff_of_yaml(meshweb: Meshweb) -> None:
    meshweb("apply", "-f", write(f"{MANIFESTS}---\n{RULE}---\n{ROUTE}"))
    topology.reconcile()
    faulty = ROUTE.replace(
        "- timeout: 3s",
        "- fault: {delay: {fixedDelay: 2s, percentage: {value: 10}}}\n    timeout: 3s",
    )
    said = meshweb("diff", "-f", write(faulty)).out.splitlines()
    where = "virtual_hosts[payments.shop.svc.cluster.local:8080].routes[shop/payments:0]"
    assert said[-4:] == [
        f"    + {where}.fault",
        "    +   delay:",
        "    +     percent: 10.0",
        "    +     fixed_ms: 2000",
    ]


def test_pods_that_would_start_are_told(meshweb: Meshweb) -> None:
    said = meshweb("diff", "-f", write(MANIFESTS)).out.splitlines()
    assert said[-2:] == ["payments-v1.shop: 1 pod starts", "payments-v2.shop: 1 pod starts"]


def test_deleting_what_others_refer_to_takes_insisting(meshweb: Meshweb) -> None:
    meshweb("apply", "-f", write(f"{MANIFESTS}---\n{RULE}---\n{ROUTE}"))
    said = meshweb("delete", "svc", "payments", "-n", "shop")
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("error KIA1101 VirtualService shop/payments spec.http[0].route[0]")
    assert "Change what refers to it first, or insist: force." in said.err
    done = meshweb("delete", "svc", "payments", "-n", "shop", "--force")
    assert (done.code, done.out) == (0, "Service shop/payments: delete\nRevision 2: accepted.\n")


def test_the_history_is_listed_shown_compared_and_reverted(meshweb: Meshweb) -> None:
    meshweb("apply", "-f", write(strict()), "-m", "first")
    meshweb("apply", "-f", write(strict("DISABLE")), "-m", "second")
    rows = [line.split() for line in meshweb("revisions").out.splitlines()]
    assert [(row[0], row[1], row[4], row[-1]) for row in rows[1:]] == [
        ("2", "accepted", "ci", "second"),
        ("1", "accepted", "ci", "first"),
    ]
    shown = meshweb("revisions", "show", "2").out
    assert ("Revision 2 by ci" in shown, "+    mode: DISABLE" in shown) == (True, True)
    assert meshweb("revert", "2").out.splitlines()[-1] == "Revision 3: accepted."
    assert (
        meshweb("revisions", "compare", "1", "3").code,
        meshweb("diff", "-f", "mesh.yaml").code,
    ) == (0, 1)
    assert "-    mode: STRICT" in meshweb("revisions", "compare", "1", "2").out
    refused = meshweb("revert", "1")
    assert (refused.code, refused.err) == (
        1,
        "meshweb revert: Later revisions changed PeerAuthentication shop/default.\n",
    )


def test_weights_are_set_and_read(meshweb: Meshweb) -> None:
    meshweb("apply", "-f", write(MANIFESTS))
    assert meshweb("weights", "payments", "-n", "shop", "v1=90", "v2=10").code == 0
    assert (
        meshweb("weights", "payments", "-n", "shop").out
        == "VERSION  PERCENT\nv1       90\nv2       10\n"
    )
    assert meshweb("weights", "-n", "shop", "payments", "v1=90", "v2=1").err == (
        "meshweb weights: The weights sum to 91; make them sum to 100.\n"
    )


def test_a_service_is_suspended_and_put_back(meshweb: Meshweb) -> None:
    meshweb("apply", "-f", write(MANIFESTS))
    done = meshweb("suspend", "service/payments", "-n", "shop", "--reason", "disk full")
    assert (done.code, done.out.splitlines()[0]) == (0, "Suspend shop/service-payments: create")
    assert meshweb("suspend", "svc/payments", "-n", "shop", "--status").out.splitlines()[
        1
    ].split() == [
        *("suspended", "-", "disk", "full", "Suspend", "shop/service-payments"),
    ]
    assert meshweb("suspend", "service/payments", "-n", "shop", "--resume").code == 0
    assert meshweb("suspend", "service/payments", "-n", "shop", "--resume").err == (
        "meshweb suspend: The service shop/payments is not suspended.\n"
    )
    assert meshweb("suspend", "payments", "-n", "shop").code == 2
    assert meshweb("suspend", "workload/payments-v1", "-n", "shop", "--for", "10m").code == 0


def test_modes_are_set_and_read(meshweb: Meshweb) -> None:
    meshweb("apply", "-f", write(MANIFESTS))
    assert meshweb("mtls", "strict", "-n", "shop").code == 0
    assert meshweb("mtls", "-n", "shop").out.splitlines()[1].split() == [
        "STRICT",
        "STRICT",
        "PeerAuthentication",
        "shop/default",
    ]
    assert meshweb("mtls", "--workload", "payments-v1").code == 2
    assert meshweb("mtls", "sometimes").code == 2


def test_workloads_are_scaled_and_restarted(meshweb: Meshweb) -> None:
    meshweb("apply", "-f", write(MANIFESTS))
    assert meshweb("scale", "payments-v1", "3", "-n", "shop").code == 0
    assert meshweb("restart", "payments-v1", "-n", "shop").code == 0
    found = json.loads(meshweb("get", "deploy", "payments-v1", "-n", "shop", "-o", "json").out)
    assert found["spec"]["replicas"] == 3
    assert meshweb("pods", "-n", "bank").err == "There are no pods.\n"


def proxy(state: str) -> None:
    ProxyRow.objects.update_or_create(
        id=PROXY,
        defaults={
            "namespace": "shop",
            "pod": "payments-v1-abc",
            "workload": "payments-v1",
            "connected": True,
            "revision": 3,
            "state": state,
            "types": {"CDS": {"state": "SYNCED", "version": "1", "acked_at": 1.0}},
            "certificate_expires_at": datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC),
            "updated_at": datetime(2030, 1, 1, tzinfo=UTC),
        },
    )


def test_proxies_and_their_certificates(meshweb: Meshweb) -> None:
    proxy("synced")
    said = meshweb("proxy-status")
    head, line = (one.split() for one in said.out.splitlines())
    assert (said.code, head[:6], line[:2], line[-4:]) == (
        0,
        ["NAME", "CDS", "LDS", "EDS", "RDS", "SDS"],
        ["payments-v1-abc.shop", "SYNCED"],
        ["synced", "3", "yes", "-"],
    )
    one = meshweb("proxy-status", "payments-v1-abc").out.splitlines()
    assert one[0] == "payments-v1-abc.shop is connected and synced, at revision 3."
    assert (one[1].split()[:2], one[2].split()[:2]) == (["TYPE", "STATE"], ["CDS", "SYNCED"])
    proxy("pending")
    assert meshweb("proxy-status").code == 1
    assert meshweb("cert").out.splitlines()[1].split()[:4] == [
        "payments-v1-abc.shop",
        "payments-v1",
        "-",
        "2030-01-02T03:04:05Z",
    ]


def test_the_configuration_of_a_proxy_needs_control(meshweb: Meshweb) -> None:
    proxy("synced")
    said = meshweb("proxy-config", "payments-v1", "routes")
    assert (said.code, said.err) == (
        3,
        "meshweb proxy-config: No control process answers for this proxy now.\n",
    )
    assert meshweb("proxy-config", "nobody").code == 1
    assert meshweb("proxy-config", "payments-v1", "stars").code == 2


def test_a_revision_that_was_refused_names_its_culprit(meshweb: Meshweb) -> None:
    meshweb("apply", "-f", write(strict()))
    facade.revert_rejected(ResourceKey("PeerAuthentication", "shop", "default"), 1, "bad socket")
    assert (
        "error MSH0901 PeerAuthentication shop/default: " in meshweb("revisions", "show", "1").out
    )
    assert (
        "warning MSH0908 PeerAuthentication shop/default: "
        in meshweb("apply", "-f", "mesh.yaml").err
    )


def test_what_became_of_the_gateway_apis_kinds_is_shown(meshweb: Meshweb) -> None:
    meshweb("apply", "-f", write(MANIFESTS))
    meshweb("apply", "-f", write(DOOR))
    said = meshweb("get", "gateway", "door", "-n", "shop").out.splitlines()
    assert said[0].split()[-2:] == ["ADDRESSES", "CONDITIONS"]
    assert said[1].endswith("-          Accepted, not Programmed (NoResources)"), said[1]
    assert [line.split(maxsplit=2) for line in said[3:6]] == [
        ["LISTENER", "ROUTES", "CONDITIONS"],
        ["http", "1", "Accepted, Programmed, ResolvedRefs"],
        [
            "https",
            "0",
            "Accepted, not Programmed (Invalid), not ResolvedRefs (InvalidCertificateRef)",
        ],
    ]
    (_, route) = meshweb("get", "httproute").out.splitlines()
    assert "door: Accepted, ResolvedRefs" in route
    assert "CONDITIONS" not in meshweb("get", "all").out
