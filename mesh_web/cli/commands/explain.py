"""Which way a request goes, and why: nothing is sent and nothing changes.

    meshweb explain shop/storefront GET http://reviews:9080/reviews/0 -H 'x-user: ann'
    meshweb explain istio-ingress/ingress https://shop.example.com/ --jwt "$TOKEN"
    meshweb explain shop/storefront tcp://store.data:6379
    meshweb explain shop/storefront http://reviews:9080/ -f change.yaml   # what would happen then

The caller is a workload, a pod or a service. --jwt is a token, or the claims of one as JSON, which
are taken for valid.
"""

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator
from typing import Any

from mesh_web.cli import exits, output
from mesh_web.cli.exits import USAGE, Stop
from mesh_web.cli.files import text_of
from mesh_web.cli.server import Server

Json = dict[str, Any]


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("source", help="who asks: namespace/name")
    parser.add_argument("words", nargs="+", metavar="[METHOD] URL")
    parser.add_argument(
        "-H", "--header", action="append", default=[], metavar="'NAME: VALUE'", help="repeatable"
    )
    parser.add_argument(
        "--jwt", default="", metavar="TOKEN|CLAIMS", help="a token, or claims as JSON"
    )
    parser.add_argument(
        "--from", dest="address", default="", metavar="ADDRESS", help="a gateway's client"
    )
    parser.add_argument(
        "-f", "--filename", action="append", default=[], help="YAML that would be applied"
    )


def run(options: Namespace, server: Server) -> int:
    found = server.call("POST", "/explain", body=question(options))
    if options.output != "table":
        output.dump(found, options.output)
        return exits.OK
    for line in lines(found):
        output.say(line)
    return exits.OK


def question(options: Namespace) -> Json:
    words = options.words
    if len(words) > 2:
        raise Stop(USAGE, f"{words[2]} is one word too many; write METHOD URL.")
    method = words[0].upper() if len(words) == 2 else "GET"
    asked: Json = {
        "source": options.source,
        "method": method,
        "url": words[-1],
        "headers": [header(word) for word in options.header],
        "documents": text_of(options.filename) if options.filename else "",
        **token(options.jwt),
    }
    return {**asked, "client_address": options.address} if options.address else asked


def header(word: str) -> Json:
    name, colon, value = word.partition(":")
    if not (colon and name.strip()):
        raise Stop(USAGE, f"{word} is no header; write it like 'x-user: ann'.")
    return {"name": name.strip(), "value": value.strip()}


def token(word: str) -> Json:
    if not word.lstrip().startswith("{"):
        return {"token": word}
    try:
        return {"claims": json.loads(word)}
    except (ValueError, RecursionError) as error:
        raise Stop(USAGE, f"The claims are no JSON: {error}.") from error


# --- as text -----------------------------------------------------------------------------------


def lines(found: Json) -> Iterator[str]:
    asked = found["request"]
    to = f"{asked['scheme']}://{asked['authority']}{asked['path']}"
    yield f"{asked['method']} {to} from {found['source']['namespace']}/{found['source']['workload']}"
    yield from (f"note: {note}" for note in found["notes"])
    yield ""
    yield from hop(found["first"], "")
    yield ""
    for one in found["outcomes"]:
        yield outcome(one)


def outcome(one: Json) -> str:
    status = f" {one['status']}" if one["status"] else ""
    grpc = f" (gRPC status {one['grpc_status']})" if one["grpc_status"] is not None else ""
    envoy = " ".join(word for word in (one["flags"], one["details"]) if word)
    tail = f" [{envoy}]" if envoy else ""
    return (
        f"{one['share']:g} %: {one['ending']}{status}{grpc} by {one['by']}: {one['message']}{tail}"
    )


def hop(one: Json, indent: str) -> Iterator[str]:
    side = "no proxy" if one["side"] == "none" else f"{one['side']} proxy"
    yield f"{indent}{one['namespace']}/{one['workload']} ({side} {one['pod']})"
    inner = f"{indent}  "
    yield from (f"{inner}{line}" for line in _listening(one["listener"]))
    host = one["virtual_host"]
    if host:
        how = f"{host['domain']}, {host['how']}"
        yield f"{inner}virtual host {host['name']} ({how}) of {one['route_table']}"
    yield from (f"{inner}{line}" for line in _considered(one["routes"], "route"))
    yield from (f"{inner}{line}" for line in _guards(one))
    for turn in one["turns"]:
        yield from _turn(turn, inner, several=len(one["turns"]) > 1)


def _listening(one: Json | None) -> Iterator[str]:
    if one is not None:
        said = f"refused: {one['refused']}" if one["refused"] else one["reason"]
        chain = f" chain {one['chain']}" if one["chain"] else ""
        yield f"listener {one['address']}:{one['port']}{chain}: {said}{_made_by(one)}"


def _guards(one: Json) -> Iterator[str]:
    tokens = one["tokens"]
    if tokens:
        yield f"tokens: {tokens['message']}"
        yield from (f"  {line}" for line in _considered(tokens["providers"], "issuer"))
    for guard in one["guards"]:
        dry = " (dry run)" if guard["dry_run"] else ""
        yield f"authorization {guard['action']}{dry}: {guard['message']}"
        yield from (f"  {line}" for line in _considered(guard["rules"], "rule"))


def _considered(found: Iterable[Json], what: str) -> Iterator[str]:
    for one in found:
        word = "yes" if one["holds"] else "no "
        yield f"{what} {word} {one['name']}: {one['reason']}{_made_by(one)}"


def _made_by(one: Json) -> str:
    where = " ".join(word for word in (one["resource"], one["path"]) if word)
    return f"  <- {where}" if where else ""


def _turn(turn: Json, indent: str, *, several: bool) -> Iterator[str]:
    if several:
        name = turn["route"]["name"] if turn["route"] else "no route"
        yield f"{indent}{turn['share']:g} % by {name}"
        indent = f"{indent}  "
    yield from (f"{indent}{line}" for line in _effects(turn["effects"] or {}))
    for end in turn["ends"]:
        yield f"{indent}-> {outcome(end)}"
    for to in turn["destinations"]:
        member = f" ({to['member']})" if to["member"] else ""
        yield f"{indent}-> {to['share']:g} % {to['cluster'] or to['service']}{member}{_made_by(to)}"
        yield from (f"{indent}   {line}" for line in _instead(to["instead"]))
        for onward in to["onward"]:
            yield from _onward(onward, f"{indent}   ")


def _instead(one: Json | None) -> Iterator[str]:
    if one is not None:
        what = f"answered {one['status']}" if one["status"] else f"sent to {one['target']}"
        yield f"when {' or '.join(one['on'])}: {what} instead{_made_by(one)}"


def _effects(found: Json) -> Iterator[str]:
    for operation in found.pop("headers", ()):
        of = f" (for {operation['of']})" if operation["of"] else ""
        value = f": {operation['value']}" if operation["value"] else ""
        yield f"{operation['action']} {operation['on']} header {operation['name']}{value}{of}"
    mirrors = [f"{m['percent']:g} % to {m['cluster']}" for m in found.pop("mirrors", ())]
    told = {**found, "mirrored": ", ".join(mirrors), "hashing": ", ".join(found.get("hashing", ()))}
    for name, value in told.items():
        if value not in (None, "", []):
            yield f"{name.replace('_', ' ')}: {value}"


def _onward(one: Json, indent: str) -> Iterator[str]:
    listed = ", ".join(f"{each['address']}:{each['port']}" for each in one["endpoints"])
    tls = {"mtls": "mTLS", "tls": "TLS"}.get(one["tls"], "plain text")
    trouble = f": {one['trouble']}" if one["trouble"] else ""
    yield f"{indent}{one['share']:g} % to {listed} by {tls}{trouble}"
    if one["hop"] is not None and one["share"] > 0:
        yield from hop(one["hop"], f"{indent}  ")
