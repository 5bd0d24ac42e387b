"""Read or set the canary weights of a service, in percent.

meshweb weights payments -n shop
meshweb weights payments v1=90 v2=10 -n shop --wait
"""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterable

from mesh_web.cli import exits, output
from mesh_web.cli.exits import USAGE, Stop
from mesh_web.cli.server import Server, segment
from mesh_web.cli.writing import write_arguments, write_query, written


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("service")
    parser.add_argument("shares", nargs="*", metavar="VERSION=PERCENT")
    parser.add_argument("-n", "--namespace", required=True)
    write_arguments(parser)


def run(options: Namespace, server: Server) -> int:
    path = f"/namespaces/{segment(options.namespace)}/services/{segment(options.service)}/weights"
    if options.shares:
        body = shares_of(options.shares)
        return written(options, server.call("PUT", path, write_query(options), body=body))
    found = server.get(path)
    output.show(options.output, found, ("VERSION", "PERCENT"), sorted(found.items()))
    return exits.OK


def shares_of(words: Iterable[str]) -> dict[str, int]:
    shares: dict[str, int] = {}
    for word in words:
        version, equals, percent = word.rpartition("=")
        if not (equals and version and percent.isascii() and percent.isdigit()):
            raise Stop(USAGE, f"{word} is no weight; write it like v1=90.")
        if version in shares:
            raise Stop(USAGE, f"{version} is there twice.")
        shares[version] = int(percent)
    if sum(shares.values()) != 100:
        raise Stop(USAGE, f"The weights sum to {sum(shares.values())}; make them sum to 100.")
    return shares
