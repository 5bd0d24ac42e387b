"""Read resources, now or as they were.

    meshweb get all
    meshweb get vs -n shop
    meshweb get VirtualService payments -n shop -o yaml > payments.yaml
    meshweb get vs --at 2026-01-31T12:00:00Z

-o yaml is what can be edited and applied again (with the conditions of the Gateway API's kinds, which
are not read back); -o json has findings and status too.
"""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from mesh_web.cli import exits, output
from mesh_web.cli.exits import FINDINGS, USAGE, Stop
from mesh_web.cli.kinds import WITHOUT_NAMESPACE, kind_of
from mesh_web.cli.server import Server, segment

OURS = ("findings", "status")
OF_THE_REVISION = ("revision", "state")
SET_BY_THE_SERVER = ("uid", "generation", "resourceVersion", "creationTimestamp")
Resource = dict[str, Any]


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("kind", help="VirtualService, vs, virtualservices ..., or all")
    parser.add_argument("name", nargs="?", default="")
    parser.add_argument("-n", "--namespace", default="", help="without it: every namespace")
    parser.add_argument("--at", default="", help="a revision's number or an RFC 3339 time")


def run(options: Namespace, server: Server) -> int:
    kind = kind_of(options.kind)
    found = one(options, server, kind) if options.name else several(options, server, kind)
    if options.output == "yaml":
        output.say("---\n".join(output.as_yaml(plain(each)) for each in found).rstrip("\n"))
    elif options.output == "json":
        output.dump(found[0] if options.name else {"items": found}, "json")
    else:
        tables(found, whole=bool(options.name))
    return exits.OK


def tables(found: list[Resource], *, whole: bool) -> None:
    """One line each; of one of the Gateway API's kinds with what became of it, `whole` by listener."""
    now = datetime.now(UTC)
    kinds = {each["kind"] for each in found}
    more = len(kinds) == 1 and any(SAYS.intersection(each["status"]) for each in found)
    rows = [(*row(each, now), *(became(each) if more else ())) for each in found]
    output.table((*HEAD, *(BECAME if more else ())), rows, empty="There are no such resources.")
    for each in found if whole else ():
        if each["status"].get("listeners"):
            output.say()
            lines = [
                (one["name"], one["attachedRoutes"], said(one["conditions"]))
                for one in each["status"]["listeners"]
            ]
            output.table(("LISTENER", "ROUTES", "CONDITIONS"), lines)


def one(options: Namespace, server: Server, kind: str) -> list[Resource]:
    """The one that was named."""
    if not kind:
        raise Stop(USAGE, f"Name the kind of {options.name}.")
    needs = kind not in WITHOUT_NAMESPACE
    if needs and not options.namespace:
        raise Stop(USAGE, f"Say in which namespace {options.name} is: -n NAMESPACE.")
    if not options.at:
        namespace = segment(options.namespace or options.name)
        return [server.get(f"/namespaces/{namespace}/{segment(kind)}/{segment(options.name)}")]
    found = [
        each for each in several(options, server, kind) if each["metadata"]["name"] == options.name
    ]
    if not found:
        raise Stop(FINDINGS, f"There was no {kind} {options.namespace}/{options.name} then.")
    return found


def several(options: Namespace, server: Server, kind: str) -> list[Resource]:
    query = {"kind": kind, "namespace": options.namespace, "at": options.at}
    return list(server.items("/resources", query))


def plain(resource: Resource) -> Resource:
    """What its owner wrote, ready to be applied again."""
    metadata = {
        name: value
        for name, value in resource["metadata"].items()
        if name not in SET_BY_THE_SERVER and value not in ("", {})
    }
    kept = {name: value for name, value in resource.items() if name not in OURS}
    conditions = {
        name: value for name, value in resource["status"].items() if name not in OF_THE_REVISION
    }
    return {**kept, "metadata": metadata, **({"status": conditions} if conditions else {})}


SAYS = frozenset({"conditions", "parents"})
BECAME = ("ADDRESSES", "CONDITIONS")


def became(resource: Resource) -> tuple[object, ...]:
    """Where it is reached, and what came of it; of a route by parent."""
    status = resource["status"]
    addresses = ", ".join(one["value"] for one in status.get("addresses", ()))
    parents = [
        f"{one['parentRef']['name']}: {said(one['conditions'])}"
        for one in status.get("parents", ())
    ]
    return addresses, "; ".join(parents) or said(status.get("conditions", ()))


GOOD_IF_FALSE = frozenset({"Conflicted", "PartiallyInvalid", "OverlappingTLSConfig"})


def said(conditions: Iterable[dict[str, Any]]) -> str:
    """Accepted, not Programmed (NoResources): what should be false is named where it is true."""
    words = []
    for one in conditions:
        holds = one["status"] == "True"
        if one["type"] in GOOD_IF_FALSE:
            words += [f"{one['type']} ({one['reason']})"] if holds else []
        else:
            words.append(one["type"] if holds else f"not {one['type']} ({one['reason']})")
    return ", ".join(words)


HEAD = ("KIND", "NAMESPACE", "NAME", "REVISION", "STATE", "AGE", "FINDINGS", "EXPIRES")


def row(resource: Resource, now: datetime) -> tuple[object, ...]:
    metadata = resource["metadata"]
    return (
        resource["kind"],
        metadata["namespace"],
        metadata["name"],
        resource["status"]["revision"],
        resource["status"]["state"],
        output.ago(metadata["creationTimestamp"], now),
        len(resource["findings"]) or None,
        metadata["annotations"].get("meshweb.dev/expires-at"),
    )
