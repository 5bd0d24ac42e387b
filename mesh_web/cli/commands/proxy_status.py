"""How far each proxy is behind the configuration; exit code 1 where one is not in sync.

meshweb proxy-status -n shop
"""

from argparse import ArgumentParser, Namespace
from typing import Any

from mesh_web.cli import exits, output
from mesh_web.cli.server import Server

TYPES = ("CDS", "LDS", "EDS", "RDS", "SDS")


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("proxy", nargs="?", default="", help="only this one: pod or pod.namespace")
    parser.add_argument("-n", "--namespace", default="", help="without it: every namespace")


def run(options: Namespace, server: Server) -> int:
    found = [
        one
        for one in server.items("/proxies", {"namespace": options.namespace})
        if not options.proxy or options.proxy in (one["id"], one["pod"], name_of(one))
    ]
    head = ("PROXY", "CONNECTED", "STATE", "REVISION", *TYPES, "ERROR")
    rows = [row(one) for one in found]
    output.show(options.output, {"items": found}, head, rows, empty="No proxy has connected yet.")
    missing = bool(options.proxy) and not found
    return exits.FINDINGS if missing or not all(map(in_sync, found)) else exits.OK


def name_of(proxy: dict[str, Any]) -> str:
    return f"{proxy['pod']}.{proxy['namespace']}"


def in_sync(proxy: dict[str, Any]) -> bool:
    return bool(proxy["connected"]) and proxy["state"].lower() == "synced"


def row(proxy: dict[str, Any]) -> tuple[object, ...]:
    states = (proxy["types"].get(name, {}).get("state", "NOT SENT") for name in TYPES)
    head = (name_of(proxy), proxy["connected"], proxy["state"], proxy["revision"])
    return *head, *states, proxy["error"]
