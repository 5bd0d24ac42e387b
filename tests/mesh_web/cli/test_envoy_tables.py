"""An Envoy's configuration as tables, and the words that ask for it."""

from typing import Any

import pytest

from mesh_web.cli import envoy_tables
from mesh_web.cli.commands.proxy_config import levels_of, section_and_proxy
from mesh_web.cli.exits import Stop


def made_by(origin: str) -> dict[str, Any]:
    return {"filter_metadata": {"meshweb": {"origin": origin}}}


DUMP: dict[str, Any] = {
    "clusters": [
        {
            "name": "outbound|80|v1|pay.shop.svc.cluster.local",
            "config": {"type": "EDS"},
            "origins": [{"resource": "DestinationRule shop/pay", "path": ""}],
        },
        {"name": "BlackHoleCluster", "config": {"type": "STATIC"}, "origins": []},
    ],
    "listeners": [
        {
            "name": "127.66.0.2_80",
            "config": {
                "address": {"socket_address": {"address": "127.66.0.2", "port_value": 80}},
                "filter_chains": [
                    {
                        "filter_chain_match": {"transport_protocol": "tls"},
                        "filters": [{"typed_config": {"rds": {"route_config_name": "inbound|80"}}}],
                    },
                    {"filters": [{"typed_config": {"cluster": "inbound|80||"}}]},
                ],
            },
            "origins": [],
        }
    ],
    "routes": [
        {
            "name": "outbound",
            "config": {
                "virtual_hosts": [
                    {
                        "name": "pay",
                        "domains": ["pay", "pay.shop"],
                        "routes": [
                            {
                                "match": {"prefix": "/a", "headers": [{"name": "x-user"}]},
                                "route": {
                                    "weighted_clusters": {
                                        "clusters": [
                                            {"name": "v1", "weight": 90},
                                            {"name": "v2", "weight": 10},
                                        ]
                                    }
                                },
                                "metadata": made_by("VirtualService shop/pay spec.http[0]"),
                            },
                            {"match": {"path": "/b"}, "direct_response": {"status": 503}},
                            {
                                "match": {"safe_regex": {"regex": "/c.*"}},
                                "route": {"cluster": "v1"},
                            },
                        ],
                    }
                ]
            },
            "origins": [],
        }
    ],
    "endpoints": [
        {
            "name": "v1",
            "config": {
                "endpoints": [
                    {
                        "lb_endpoints": [
                            {
                                "endpoint": {
                                    "address": {
                                        "socket_address": {"address": "127.66.0.3", "port_value": 8}
                                    }
                                },
                                "metadata": {
                                    "filter_metadata": {"meshweb": {"workload": "pay-v1"}}
                                },
                            }
                        ]
                    }
                ]
            },
            "origins": [],
        }
    ],
    "secrets": [
        {
            "name": "default",
            "source": "agent",
            "certificates": [
                {
                    "subject": "",
                    "issuer": "CN=root",
                    "sans": ["spiffe://x"],
                    "serial": "1f",
                    "not_before": 0.0,
                    "not_after": 60.0,
                    "authority": False,
                }
            ],
        }
    ],
    "envoy": {
        "answered": True,
        "error": "",
        "differences": [{"type": "CDS", "name": "v9", "problem": "in Envoy, not in control"}],
    },
}


def test_every_section_has_a_table() -> None:
    assert {name: made(DUMP)[1] for name, made in envoy_tables.TABLES.items()} == {
        "clusters": [
            (
                "pay.shop.svc.cluster.local",
                "80",
                "v1",
                "outbound",
                "EDS",
                "DestinationRule shop/pay",
            ),
            ("BlackHoleCluster", "", "", "", "STATIC", ""),
        ],
        "listeners": [
            ("127.66.0.2", 80, "tls", "Route: inbound|80", ""),
            ("127.66.0.2", 80, "ALL", "Cluster: inbound|80||", ""),
        ],
        "routes": [
            (
                "outbound",
                "pay",
                "pay + 1 more",
                "/a* with x-user",
                "v1 90, v2 10",
                "VirtualService shop/pay spec.http[0]",
            ),
            ("outbound", "pay", "pay + 1 more", "/b", "answer 503", ""),
            ("outbound", "pay", "pay + 1 more", "~/c.*", "v1", ""),
        ],
        "endpoints": [("127.66.0.3:8", 1, "pay-v1", "v1")],
        "secrets": [
            (
                "default",
                "agent",
                "Cert Chain",
                "spiffe://x",
                "CN=root",
                "1f",
                "1970-01-01T00:00:00Z",
                "1970-01-01T00:01:00Z",
            )
        ],
    }


def test_what_envoy_has_not_as_served_is_said() -> None:
    assert list(envoy_tables.differences(DUMP)) == ["CDS v9: in Envoy, not in control"]
    away = {"envoy": {"answered": False, "error": "it was not asked", "differences": []}}
    assert list(envoy_tables.differences(away)) == ["Its Envoy was not heard: it was not asked."]


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["pod"], ("", "pod")),
        (["routes", "pod"], ("routes", "pod")),
        (["pod", "routes"], ("routes", "pod")),
        (["cluster", "pod"], ("clusters", "pod")),
        (["ep", "pod"], ("endpoints", "pod")),
        (["log", "pod"], ("log", "pod")),
    ],
)
def test_the_section_may_stand_first_or_last(words: list[str], meant: tuple[str, str]) -> None:
    assert section_and_proxy(words) == meant


def test_two_proxies_are_one_too_many() -> None:
    for words in (["pod", "other"], ["routes", "pod", "other"]):
        with pytest.raises(Stop):
            section_and_proxy(words)


def test_levels_are_for_all_for_some_or_both() -> None:
    assert levels_of("debug") == {"level": "debug"}
    assert levels_of("http:debug,router:trace") == {"loggers": {"http": "debug", "router": "trace"}}
    assert levels_of("info,http:debug") == {"level": "info", "loggers": {"http": "debug"}}
