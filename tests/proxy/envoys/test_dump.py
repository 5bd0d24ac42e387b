"""Where Envoy has not what control serves; and what is told of certificates and of nobody's tokens."""

from typing import Any

from proxy.agent.admin import loggers_in, without_secrets
from proxy.envoys.chains import certificates_in
from proxy.envoys.dump import Difference, bootstrap, differences, secrets
from proxy.envoys.origins import origins_in
from proxy.fleet.dump import Dump, Served
from proxy.identity import envoys
from routing.contracts import ResourceKey
from tests.proxy.ads.fleet import Root

ADMIN = "type.googleapis.com/envoy.admin.v3."


def endpoints(*ports: int) -> dict[str, Any]:
    return {
        "cluster_name": "a",
        "endpoints": [
            {
                "lb_endpoints": [
                    {
                        "endpoint": {
                            "address": {
                                "socket_address": {"address": "127.66.0.2", "port_value": one}
                            }
                        }
                    }
                    for one in ports
                ]
            }
        ],
    }


def served(**types: tuple[Served, ...]) -> Dump:
    every = {"CDS": (), "EDS": (), "SDS": (), "LDS": (), "RDS": ()}
    return Dump(revision=7, types={**every, **types})


def one(name: str, version: str = "1", config: dict[str, Any] | None = None) -> Served:
    return Served(name=name, version=version, config=config)


DUMP: dict[str, Any] = {
    "configs": [
        {"@type": f"{ADMIN}BootstrapConfigDump", "bootstrap": {"node": {"id": "x"}}},
        {
            "@type": f"{ADMIN}ClustersConfigDump",
            "static_clusters": [{"cluster": {"name": "xds"}}],
            "dynamic_active_clusters": [
                {"version_info": "1", "cluster": {"name": "a"}},
                {"version_info": "1", "cluster": {"name": "old"}},
                {"version_info": "1", "cluster": {"name": "extra"}},
            ],
            "dynamic_warming_clusters": [{"version_info": "1", "cluster": {"name": "new"}}],
        },
        {
            "@type": f"{ADMIN}ListenersConfigDump",
            "dynamic_listeners": [
                {"name": "fine", "active_state": {"version_info": "1"}},
                {"name": "slow", "warming_state": {"version_info": "1"}},
                {
                    "name": "bad",
                    "active_state": {"version_info": "0"},
                    "error_state": {"details": "no such thing"},
                },
                {"name": "going", "draining_state": {"version_info": "1"}},
            ],
        },
        {
            "@type": f"{ADMIN}EndpointsConfigDump",
            "dynamic_endpoint_configs": [{"endpoint_config": endpoints(1, 2)}],
        },
        {
            "@type": f"{ADMIN}SecretsConfigDump",
            "dynamic_active_secrets": [{"name": "default", "version_info": "5", "secret": {}}],
        },
    ]
}


def test_every_way_of_not_having_what_is_served_is_told() -> None:
    wanted = served(
        CDS=(one("a"), one("old", "2"), one("new"), one("missing")),
        LDS=(one("fine"), one("slow"), one("bad")),
        EDS=(one("a", config=endpoints(2, 3)), one("b", config=endpoints(1))),
    )
    assert [(d.type, d.name, d.problem) for d in differences(wanted, DUMP)] == [
        ("CDS", "extra", "in Envoy, not in control"),
        ("CDS", "missing", "in control, not in Envoy"),
        ("CDS", "new", "warming: not in use yet"),
        ("CDS", "old", "another version than control's"),
        ("LDS", "bad", "refused: no such thing"),
        ("LDS", "slow", "warming: not in use yet"),
        ("EDS", "a", "without 127.66.0.2:3 and still with 127.66.0.2:1"),
        ("EDS", "b", "in control, not in Envoy"),
    ]


def test_what_is_as_it_is_served_is_not_told() -> None:
    assert differences(served(), {"configs": []}) == ()
    assert differences(served(CDS=(one("a"),)), {"configs": []}) == (
        Difference(type="CDS", name="a", problem="in control, not in Envoy"),
    )


def test_routes_that_say_the_same_under_an_older_version_are_as_served() -> None:
    routes = {"@type": "type.googleapis.com/x", "name": "outbound", "virtual_hosts": []}
    held = {"version_info": "1", "route_config": routes}
    section = {"@type": f"{ADMIN}RoutesConfigDump", "dynamic_route_configs": [held]}
    same = one("outbound", "2", {"name": "outbound", "virtual_hosts": []})
    other = one("outbound", "2", {"name": "outbound"})
    assert differences(served(RDS=(same,)), {"configs": [section]}) == ()
    assert [d.problem for d in differences(served(RDS=(other,)), {"configs": [section]})] == [
        "another version than control's"
    ]


def test_the_bootstrap_and_the_secrets_names() -> None:
    assert bootstrap(DUMP) == {"node": {"id": "x"}}
    assert [(secret.name, secret.version, secret.pem) for secret in secrets(DUMP)] == [
        ("default", "5", "")
    ]


def test_certificates_are_told_leaf_first_and_what_is_none_is_empty() -> None:
    root = Root()
    leaf = root.issue("spiffe://cluster.local/ns/shop/sa/page").certificate_pem
    found = certificates_in(leaf + root.pem)
    assert [(info.sans[0], info.authority) for info in found] == [
        ("spiffe://cluster.local/ns/shop/sa/page", False),
        ("spiffe://cluster.local", True),
    ]
    assert found[0].issuer == found[1].subject
    assert (certificates_in(""), certificates_in("no certificate")) == ((), ())


def test_headers_that_let_somebody_in_are_not_told() -> None:
    given = {"node": {"id": "x", "extensions": [1]}, "h": [{"key": "Authorization", "value": "me"}]}
    assert without_secrets(given) == {
        "node": {"id": "x"},
        "h": [{"key": "Authorization", "value": "[redacted]"}],
    }


def test_loggers_are_read_from_envoys_lines() -> None:
    assert loggers_in("active loggers:\n  admin: warning\n  http: debug\n\n") == {
        "admin": "warning",
        "http": "debug",
    }


def test_what_was_packed_is_unpacked_and_nothing_else() -> None:
    assert envoys.unpack(envoys.pack({"a": [1]})) == {"a": [1]}
    for bad in ("", "AAAA", "no base64 \x00", envoys.pack({})[:-8]):
        try:
            envoys.unpack(bad)
        except ValueError:
            continue
        raise AssertionError(bad)


def test_origins_are_told_with_their_place_each_once() -> None:
    def made(origin: str) -> dict[str, Any]:
        return {"metadata": {"filter_metadata": {"meshweb": {"origin": origin}}}}

    config = {
        **made("DestinationRule shop/a"),
        "routes": [made("VirtualService shop/b spec.http[0]")] * 2,
        "other": {"metadata": {"filter_metadata": {}}},
    }
    assert origins_in(config) == (
        (ResourceKey("DestinationRule", "shop", "a"), ""),
        (ResourceKey("VirtualService", "shop", "b"), "spec.http[0]"),
    )
    assert origins_in(None) == ()
