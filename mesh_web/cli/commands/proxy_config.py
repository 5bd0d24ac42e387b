"""What an Envoy is configured with.

meshweb proxy-config storefront-7d9-x2k.shop
meshweb proxy-config storefront-7d9-x2k.shop routes -o yaml
"""

from argparse import ArgumentParser, Namespace
from typing import Any

from mesh_web.cli import exits, output
from mesh_web.cli.commands.proxy_status import name_of
from mesh_web.cli.exits import FINDINGS, USAGE, Stop
from mesh_web.cli.server import Server, segment

SECTIONS = ("clusters", "listeners", "routes", "endpoints", "secrets")


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("proxy", help="pod, pod.namespace or the proxy's id")
    parser.add_argument("section", nargs="?", default="", metavar="|".join(SECTIONS))
    parser.add_argument("-n", "--namespace", default="")


def run(options: Namespace, server: Server) -> int:
    if options.section and options.section not in SECTIONS:
        raise Stop(USAGE, f"{options.section} is none of {', '.join(SECTIONS)}.")
    found = server.get(f"/proxies/{segment(proxy_id(options, server))}/config_dump")
    if not options.section:
        counted = [(name, _count(value)) for name, value in found.items()]
        output.show(options.output, found, ("SECTION", "RESOURCES"), counted)
        return exits.OK
    if options.section not in found:
        raise Stop(FINDINGS, f"The server does not tell the {options.section} of a proxy.")
    shown = found[options.section]
    rows = [(one["name"], one["version"]) for one in shown]
    output.show(options.output, shown, ("NAME", "VERSION"), rows, empty="It has none.")
    return exits.OK


def proxy_id(options: Namespace, server: Server) -> str:
    """The id of the one proxy that is meant."""
    proxies = list(server.items("/proxies", {"namespace": options.namespace}))
    found = [one for one in proxies if options.proxy in (one["id"], one["pod"], name_of(one))]
    found = found or [one for one in proxies if name_of(one).startswith(options.proxy)]
    if not found:
        raise Stop(
            FINDINGS, f"There is no proxy {options.proxy}; `meshweb proxy-status` lists them."
        )
    if len(found) > 1:
        listed = ", ".join(map(name_of, found))
        raise Stop(FINDINGS, f"{options.proxy} may be any of {listed}; name one.")
    return str(found[0]["id"])


def _count(value: Any) -> object:
    return len(value) if isinstance(value, (list, dict)) else value
