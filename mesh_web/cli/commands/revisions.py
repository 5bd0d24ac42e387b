"""The history of the configuration, newest first.

meshweb revisions
meshweb revisions show 12
meshweb revisions compare 3 12     (exit code 1 where they differ)
meshweb revisions compare 3 12 --proxies
"""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from mesh_web.cli import exits, output
from mesh_web.cli.envoys import envoy_lines
from mesh_web.cli.exits import USAGE, Stop
from mesh_web.cli.server import Server
from mesh_web.cli.unified import unified
from mesh_web.cli.writing import progress


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("what", nargs="*", metavar="show N | compare A B")
    parser.add_argument("--limit", type=int, default=20, help="how many to list")
    parser.add_argument(
        "--proxies", action="store_true", help="what changes in the Envoys that run now, too"
    )


def run(options: Namespace, server: Server) -> int:
    match options.what:
        case []:
            return listed(options, server)
        case ["show", number]:
            return shown(options, server, number_of(number))
        case ["compare", before, after]:
            return compared(options, server, number_of(before), number_of(after))
        case _:
            raise Stop(USAGE, "Write `revisions`, `revisions show N` or `revisions compare A B`.")


def number_of(word: str) -> int:
    if not (word.isascii() and word.isdigit() and len(word) < 16):
        raise Stop(USAGE, f"{word} is no revision's number; `meshweb revisions` lists them.")
    return int(word)


def listed(options: Namespace, server: Server) -> int:
    page = min(max(1, options.limit), 1000)
    found = list(islice(server.items("/revisions", {"limit": str(page)}), max(0, options.limit)))
    now = datetime.now(UTC)
    head = ("REVISION", "STATE", "PROXIES", "MS", "AUTHOR", "AGE", "MESSAGE")
    rows = [
        (
            one["number"],
            one["state"],
            f"{one['converged']}/{one['total']}",
            None if one["ms"] is None else round(one["ms"]),
            one["author"],
            output.ago(one["created_at"], now),
            one["message"],
        )
        for one in found
    ]
    output.show(options.output, {"items": found}, head, rows, empty="Nothing was applied yet.")
    return exits.OK


def shown(options: Namespace, server: Server, number: int) -> int:
    found = server.get(f"/revisions/{number}")
    if options.output != "table":
        output.dump(_with_envoys(found, options, server, f"/revisions/{number}"), options.output)
        return exits.OK
    output.say(f"Revision {number} by {found['author']}, {found['created_at']}: {progress(found)}.")
    if found["message"]:
        output.say(found["message"])
    if found["trial"]:
        output.say(_trial(found["trial"]))
    if found["reverts"] is not None:
        output.say(f"It takes back revision {found['reverts']}.")
    for finding in found["findings"]:
        output.say(output.finding_line(finding))
    for change in found["changes"]:
        output.say()
        output.say(unified(change).rstrip("\n"))
    if found["proxies"]:
        output.say()
        output.table(("PROXY", "STATE", "MS", "ERROR"), map(_proxy, found["proxies"]))
    _say_envoys(options, server, f"/revisions/{number}")
    return exits.OK


def _trial(trial: dict[str, Any]) -> str:
    what, took = f"{trial['parts']} changed parts", f"{trial['ms']:.0f} ms"
    match trial["outcome"]:
        case "passed":
            return f"Envoy took {what} in its trial ({took})."
        case "refused":
            return f"Envoy refused it in its trial, before any proxy was told: {trial['error']}"
        case _:
            return f"It was pushed untried: {trial['error']}"


def _with_envoys(
    found: dict[str, Any], options: Namespace, server: Server, of: str
) -> dict[str, Any]:
    return {**found, "effects": server.get(f"{of}/effects")} if options.proxies else found


def _say_envoys(options: Namespace, server: Server, of: str) -> None:
    if options.proxies:
        output.say()
        output.say(
            "\n".join(envoy_lines(server.get(f"{of}/effects"))) or "No Envoy that runs now changes."
        )


def _proxy(proxy: dict[str, Any]) -> tuple[object, ...]:
    name = f"{proxy['pod']}.{proxy['namespace']}"
    return name, proxy["state"], None if proxy["ms"] is None else round(proxy["ms"]), proxy["error"]


def compared(options: Namespace, server: Server, before: int, after: int) -> int:
    of = f"/revisions/{before}/compare/{after}"
    found = server.get(of)
    if options.output != "table":
        output.dump(_with_envoys(found, options, server, of), options.output)
    else:
        _note_rejected((before, after), found["in_force"])
        if found["changes"]:
            output.say("".join(map(unified, found["changes"])).rstrip("\n"))
        _say_envoys(options, server, of)
    return exits.FINDINGS if found["changes"] else exits.OK


def _note_rejected(asked: tuple[int, int], in_force: Iterable[int]) -> None:
    for number, then in zip(asked, in_force, strict=True):
        if number != then:
            instead = f"revision {then}" if then else "nothing"
            output.complain(f"Revision {number} was rejected in its trial: {instead} was in force.")
