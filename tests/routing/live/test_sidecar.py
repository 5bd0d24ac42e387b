"""What a workload can see of the mesh, and beyond it."""

import asyncio

import pytest

from tests.routing.live.mesh import Running, application, compiled, proxy, running
from tests.routing.mesh import resource, service

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio]

SHOP = "\n---\n".join(service(name) for name in ("client", "reviews", "ratings"))


async def test_a_sidecar_shows_only_what_it_names_and_what_that_leads_to() -> None:
    mesh = compiled(
        SHOP,
        resource("Sidecar", "default", "{egress: [{hosts: ['./reviews.shop.svc.cluster.local']}]}"),
        resource(
            "VirtualService",
            "reviews",
            "{hosts: [reviews], http: [{match: [{uri: {prefix: /r}}],"
            " route: [{destination: {host: ratings}}]},"
            " {route: [{destination: {host: reviews}}]}]}",
        ),
    )
    async with running(proxy(mesh, "client-v1")) as envoy:
        asked = {
            "shown": (await envoy.ask("reviews")).status,
            "led to": (await envoy.ask("reviews", "/r")).status,
            "itself, hidden": (await envoy.ask("client")).status,
            "unknown": (await envoy.ask("elsewhere.example")).status,
        }
    assert asked == {"shown": 200, "led to": 200, "itself, hidden": 502, "unknown": 502}


async def test_with_allow_any_hosts_that_nobody_knows_are_reached() -> None:
    mesh = compiled(
        SHOP,
        resource("Sidecar", "default", "{outboundTrafficPolicy: {mode: ALLOW_ANY}}"),
    )
    async with (
        running(proxy(mesh, "client-v1")) as envoy,
        application("127.99.0.9", 8099, envoy),
    ):
        assert (await envoy.ask("127.99.0.9:8099")).text == "127.99.0.9:8099"
        assert (await envoy.ask("reviews")).status == 200


async def test_without_resolution_the_request_says_where_it_goes() -> None:
    mesh = compiled(
        SHOP,
        resource(
            "ServiceEntry",
            "by-request",
            "{hosts: [127.99.0.8], ports: [{number: 8098, name: http, protocol: HTTP}]}",
        ),
    )
    async with (
        running(proxy(mesh, "client-v1")) as envoy,
        application("127.99.0.8", 8098, envoy),
    ):
        assert (await envoy.ask("127.99.0.8:8098")).text == "127.99.0.8:8098"
        assert (await envoy.ask("127.99.0.9:8098")).status == 502


async def connect(envoy: Running, authority: str) -> str:
    """Who answers a request through a tunnel."""
    egress = envoy.config.outbound_http
    assert egress is not None
    reader, writer = await asyncio.open_connection(egress.address, egress.port)
    writer.write(f"CONNECT {authority} HTTP/1.1\r\nhost: {authority}\r\n\r\n".encode())
    await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 15)
    writer.write(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
    await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 15)
    body = await asyncio.wait_for(reader.readexactly(len("127.99.0.7:8096")), 15)
    writer.close()
    return body.decode()


async def test_an_address_in_the_block_of_a_host_is_that_host() -> None:
    entry = (
        "{hosts: [legacy.example], addresses: [10.7.96.0/20, 10.9.0.0/16], resolution: STATIC,"
        " endpoints: [{address: 127.99.0.7}], ports: ["
        "{number: 8097, name: http, protocol: HTTP}, {number: 8096, name: tcp, protocol: TCP}]}"
    )
    narrower = (
        "{hosts: [one.example], addresses: [10.9.1.0/24], resolution: STATIC,"
        " endpoints: [{address: 127.99.0.6}], ports: [{number: 8097, name: http, protocol: HTTP}]}"
    )
    mesh = compiled(
        SHOP,
        resource("ServiceEntry", "legacy", entry),
        resource("ServiceEntry", "narrower", narrower),
        resource(
            "VirtualService",
            "legacy",
            "{hosts: [legacy.example], http: [{match: [{uri: {prefix: /old}}],"
            " directResponse: {status: 410}}, {route: [{destination: {host: legacy.example}}]}]}",
        ),
    )
    async with running(proxy(mesh, "client-v1")) as envoy:
        went = {}
        for host in ("10.7.96.1:8097", "10.7.111.255", "10.9.200.3:8097", "10.9.1.3:8097"):
            went[host] = (await envoy.ask(host)).text
        outside = (await envoy.ask("10.7.112.1:8097")).status
        ruled = (await envoy.ask("10.7.100.9:8097", "/old")).status
        tunnel = await connect(envoy, "10.7.100.9:8096")
    assert (outside, ruled, tunnel) == (502, 410, "127.99.0.7:8096")
    assert went == {
        "10.7.96.1:8097": "127.99.0.7:8097",
        "10.7.111.255": "127.99.0.7:8097",
        "10.9.200.3:8097": "127.99.0.7:8097",
        "10.9.1.3:8097": "127.99.0.6:8097",
    }


async def test_a_workload_entry_may_be_a_name_that_a_service_entry_has_resolved() -> None:
    entry = (
        "{hosts: [old.example], location: MESH_INTERNAL, resolution: %s,"
        " ports: [{number: 80, name: http, protocol: HTTP, targetPort: 8095}],"
        " workloadSelector: {labels: {app: old}}}"
    )
    workload = resource("WorkloadEntry", "old", "{address: localhost, labels: {app: old}}")
    went = {}
    for resolution in ("DNS", "STATIC"):
        mesh = compiled(SHOP, resource("ServiceEntry", "old", entry % resolution), workload)
        async with (
            running(proxy(mesh, "client-v1")) as envoy,
            application("127.0.0.1", 8095, envoy),
        ):
            went[resolution] = (await envoy.ask("old.example")).status
    assert went == {"DNS": 200, "STATIC": 503}
