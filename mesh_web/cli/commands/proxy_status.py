"""How far each proxy is behind the configuration; exit code 1 where one is not in sync.

meshweb proxy-status -n shop
meshweb proxy-status storefront-7d9-x2k.shop     (its versions, type by type)
"""

from argparse import ArgumentParser, Namespace
from typing import Any

from mesh_web.cli import exits, output
from mesh_web.cli.server import Server

NOBODY = "No proxy has connected yet."
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
    if options.proxy and len(found) == 1 and options.output == "table":
        one_by_type(found[0])
    else:
        head = ("NAME", *TYPES, "STATE", "REVISION", "CONNECTED", "ERROR")
        rows = [row(one) for one in found]
        empty = f"There is no proxy {options.proxy}." if options.proxy else NOBODY
        output.show(options.output, {"items": found}, head, rows, empty=empty)
    missing = bool(options.proxy) and not found
    return exits.FINDINGS if missing or not all(map(in_sync, found)) else exits.OK


def name_of(proxy: dict[str, Any]) -> str:
    return f"{proxy['pod']}.{proxy['namespace']}"


def in_sync(proxy: dict[str, Any]) -> bool:
    return bool(proxy["connected"]) and proxy["state"].lower() == "synced"


def row(proxy: dict[str, Any]) -> tuple[object, ...]:
    states = (proxy["types"].get(name, {}).get("state", "NOT SENT") for name in TYPES)
    rest = (proxy["state"], proxy["revision"], proxy["connected"], proxy["error"])
    return name_of(proxy), *states, *rest


def one_by_type(proxy: dict[str, Any]) -> None:
    """Each type's versions and times: what it has, and what it shall have."""
    connected = "connected" if proxy["connected"] else "disconnected"
    output.say(
        f"{name_of(proxy)} is {connected} and {proxy['state']}, at revision {proxy['revision']}."
    )
    output.table(
        ("TYPE", "STATE", "ACKNOWLEDGED", "AT", "SERVED", "SENT AT", "ERROR"),
        [
            (
                name,
                one["state"],
                one["version"],
                output.moment(one["acked_at"]),
                one["wanted"],
                output.moment(one["sent_at"]),
                one["error"],
            )
            for name in TYPES
            if (one := proxy["types"].get(name)) is not None
        ],
    )
