"""What an Envoy is configured with, and how much it logs.

meshweb proxy-config routes storefront-7d9-x2k.shop
meshweb proxy-config all storefront-7d9-x2k.shop
meshweb proxy-config clusters storefront-7d9-x2k.shop --name reviews -o yaml
meshweb proxy-config all storefront-7d9-x2k.shop --envoy -o json    (as its own /config_dump)
meshweb proxy-config log storefront-7d9-x2k.shop --level http:debug,router:trace
meshweb proxy-config log storefront-7d9-x2k.shop --level warning
"""

from argparse import ArgumentParser, Namespace
from typing import Any

from mesh_web.cli import exits, output
from mesh_web.cli.commands.proxy_status import name_of
from mesh_web.cli.envoy_tables import TABLES, differences, named
from mesh_web.cli.exits import FINDINGS, USAGE, Stop
from mesh_web.cli.server import Server, segment

SECTIONS = (*TABLES, "bootstrap", "log", "all")
SHORT = {
    "c": "clusters",
    "l": "listeners",
    "r": "routes",
    "ep": "endpoints",
    "s": "secrets",
    "b": "bootstrap",
    "a": "all",
}


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "words", nargs="+", metavar="SECTION PROXY", help=f"a section ({', '.join(SECTIONS)}) and "
        "a proxy: pod, pod.namespace or its id; without a section: how much there is of each",
    )  # fmt: skip
    parser.add_argument("-n", "--namespace", default="")
    parser.add_argument("--name", default="", help="only lines that have this word")
    parser.add_argument("--level", default="", help="for log: debug, or http:debug,router:trace")
    parser.add_argument(
        "--envoy", action="store_true", help="what the running Envoy says itself, as YAML or JSON"
    )


def run(options: Namespace, server: Server) -> int:
    section, proxy = section_and_proxy(options.words)
    path = f"/proxies/{segment(proxy_id(proxy, options, server))}"
    if section == "log":
        return log(options, server, path)
    if options.level:
        raise Stop(USAGE, "--level is for `proxy-config log`.")
    if options.envoy:
        form = "json" if options.output == "table" else options.output
        output.dump(server.get(f"{path}/envoy_config_dump"), form)
        return exits.OK
    found = server.get(f"{path}/config_dump")
    return show(options, section, found)


def section_and_proxy(words: list[str]) -> tuple[str, str]:
    """In either order, as istioctl has it and as people write it."""
    if len(words) == 1:
        return "", words[0]
    if len(words) > 2:
        raise Stop(USAGE, "Name one section and one proxy.")
    for section, proxy in (words, reversed(words)):
        known = section_of(section)
        if known:
            return known, proxy
    raise Stop(USAGE, f"Neither {words[0]} nor {words[1]} is one of {', '.join(SECTIONS)}.")


def section_of(word: str) -> str:
    return next((one for one in SECTIONS if word in (one, one.rstrip("s"))), SHORT.get(word, ""))


def show(options: Namespace, section: str, found: dict[str, Any]) -> int:
    if not section:
        counted = [(name, len(found[name])) for name in TABLES]
        output.show(options.output, found, ("SECTION", "RESOURCES"), counted)
    elif section == "all":
        _show_all(options, found)
    elif section == "bootstrap":
        if found["bootstrap"] is None:
            raise Stop(exits.AWAY, f"Its Envoy was not heard: {found['envoy']['error']}.")
        output.dump(found["bootstrap"], "yaml" if options.output == "table" else options.output)
    else:
        head, rows = TABLES[section](found)
        shown = [one for one in found[section] if options.name in one["name"]]
        output.show(options.output, shown, head, named(rows, options.name), empty="It has none.")
    if options.output == "table":
        for line in differences(found):
            output.complain(line)
    return exits.FINDINGS if found["envoy"]["differences"] else exits.OK


def _show_all(options: Namespace, found: dict[str, Any]) -> None:
    if options.output != "table":
        output.dump(found, options.output)
        return
    for index, (name, made) in enumerate(TABLES.items()):
        head, rows = made(found)
        if index:
            output.say()
        output.say(f"{name.upper()}")
        output.table(head, named(rows, options.name), empty=f"It has no {name}.")


def log(options: Namespace, server: Server, path: str) -> int:
    """Read the levels, or set them: until the Envoy restarts."""
    if options.level:
        body = levels_of(options.level)
        found = server.call("PUT", f"{path}/log_level", body=body)
    else:
        found = server.get(f"{path}/log_level")
    output.show(
        options.output,
        found,
        ("LOGGER", "LEVEL"),
        named(found["loggers"].items(), options.name),
        empty="It has no such logger.",
    )
    return exits.OK


def levels_of(text: str) -> dict[str, Any]:
    """`debug`, or `http:debug,router:trace`, or both: the first for all the others."""
    body: dict[str, Any] = {}
    for part in text.split(","):
        name, colon, level = part.strip().partition(":")
        if colon:
            body.setdefault("loggers", {})[name] = level
        else:
            body["level"] = name
    return body


def proxy_id(word: str, options: Namespace, server: Server) -> str:
    """The id of the one proxy that is meant."""
    proxies = list(server.items("/proxies", {"namespace": options.namespace}))
    found = [one for one in proxies if word in (one["id"], one["pod"], name_of(one))]
    found = found or [one for one in proxies if name_of(one).startswith(word)]
    if not found:
        raise Stop(FINDINGS, f"There is no proxy {word}; `meshweb proxy-status` lists them.")
    if len(found) > 1:
        listed = ", ".join(map(name_of, found))
        raise Stop(FINDINGS, f"{word} may be any of {listed}; name one.")
    return str(found[0]["id"])
