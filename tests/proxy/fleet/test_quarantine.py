"""What a refusal means: who is to blame, what is served instead."""

from collections.abc import Iterable
from dataclasses import replace

from proxy.ads.session import Rejected
from proxy.fleet.quarantine import Quarantine, blameless, culprits, named
from proxy.xds.messages import CLUSTER, ENDPOINTS, LISTENER, ROUTES
from proxy.xds.options import Options
from proxy.xds.snapshot import ProxySnapshot, Resource, Snapshots
from routing.contracts import ResourceKey
from routing.ir import Origin
from tests.proxy.xds.shop import V1, routes, sidecar

PLAIN, LONGER = Resource("127.93.0.2_80", "1", b""), Resource("127.93.0.2_8080", "1", b"")


def refused(error: str, *resources: Resource) -> Rejected:
    return Rejected(LISTENER, resources, error)


def names(resources: Iterable[Resource]) -> list[str]:
    return [one.name for one in resources]


def snapshot(weight: int = 10) -> ProxySnapshot:
    return Snapshots(Options()).snapshot(sidecar(weight))


def test_only_a_whole_name_is_a_name() -> None:
    refusal = refused("Error adding listener(s) 127.93.0.2_8080: no", PLAIN, LONGER)
    assert names(named(refusal)) == ["127.93.0.2_8080"]
    assert names(named(refused("no 127.93.0.2_80.", PLAIN, LONGER))) == ["127.93.0.2_80"]
    assert names(named(refused("Proto constraint validation failed", PLAIN, LONGER))) == []


def test_a_taken_address_is_not_the_configurations_fault() -> None:
    words = (
        "Error adding/updating listener(s) 127.93.0.2_80: cannot bind '127.93.0.2:80': "
        "Address already in use\n127.93.0.2_8080: no such cluster\n"
    )
    assert names(blameless(refused(words, PLAIN, LONGER))) == ["127.93.0.2_80"]
    assert names(blameless(refused("127.93.0.2_80: no such cluster", PLAIN, LONGER))) == []


def test_the_last_good_version_stands_in_for_a_refused_one() -> None:
    good, bad = snapshot(10), snapshot(20)
    quarantine = Quarantine()
    table = bad.of(ROUTES)["outbound"]
    assert not quarantine.knows(table)
    quarantine.add(ROUTES, table, "no")
    assert quarantine.knows(table)
    assert quarantine.without(good, good) is good
    served = quarantine.without(bad, good)
    assert served.of(ROUTES)["outbound"] is good.of(ROUTES)["outbound"]
    assert served.of(CLUSTER) == bad.of(CLUSTER)


def test_without_a_good_version_a_refused_cluster_goes_with_its_endpoints() -> None:
    bad = snapshot()
    quarantine = Quarantine()
    quarantine.add(CLUSTER, bad.of(CLUSTER)[V1], "no")
    served = quarantine.without(bad, None)
    assert V1 not in served.of(CLUSTER)
    assert V1 not in served.of(ENDPOINTS)


def test_culprits_are_the_origins_of_what_is_new_in_it() -> None:
    before = snapshot(10).of(ROUTES)["outbound"]
    after = snapshot(20).of(ROUTES)["outbound"]
    assert culprits(after, before) == (ResourceKey("VirtualService", "shop", "payments"),)
    assert culprits(before, before) == ()


def test_an_unchanged_origin_beside_the_change_is_innocent() -> None:
    config = sidecar()
    outbound, inbound = config.routes
    other = Origin(resource=ResourceKey("VirtualService", "shop", "other"), path="spec.http[0]")
    bad = replace(routes(30)[3], name="more", origin=other)
    host = outbound.virtual_hosts[0]
    changed = replace(
        outbound,
        virtual_hosts=(replace(host, routes=(*host.routes, bad)), *outbound.virtual_hosts[1:]),
    )
    made = Snapshots(Options()).snapshot(replace(config, routes=(changed, inbound)))
    assert culprits(made.of(ROUTES)["outbound"], snapshot().of(ROUTES)["outbound"]) == (
        ResourceKey("VirtualService", "shop", "other"),
    )
