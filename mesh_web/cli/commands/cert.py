"""Certificates: list them, make one anew, rotate the root.

meshweb cert -n shop
meshweb cert rotate cart-7d9f-x2k -n shop --wait
meshweb cert rotate-root status|start|continue|abort
meshweb cert import-root --certificate ca.pem --key ca-key.pem
"""

import time
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from mesh_web.cli import exits, output
from mesh_web.cli.server import Server, segment

ACTIONS = ("list", "rotate", "rotate-root", "import-root")
STEPS = ("status", "start", "continue", "abort")
LOOK_SECONDS = 0.3


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("action", nargs="?", choices=ACTIONS, default="list")
    parser.add_argument(
        "what",
        nargs="?",
        default="",
        metavar="POD | STEP",
        help=f"rotate: a pod; rotate-root: {', '.join(STEPS)}",
    )
    parser.add_argument("-n", "--namespace", default="", help="without it: every namespace")
    parser.add_argument("--certificate", metavar="FILE", help="import-root: PEM, the root last")
    parser.add_argument("--key", metavar="FILE", help="import-root: PEM, of the first certificate")
    parser.add_argument(
        "--manual", action="store_true", help="rotate-root start: every phase waits for `continue`"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="rotate-root start: who has to prove it"
    )
    parser.add_argument("--wait", action="store_true", help="until it is done")
    parser.add_argument("--timeout", type=float, default=60.0, metavar="SECONDS", help="for --wait")


def run(options: Namespace, server: Server) -> int:
    match options.action:
        case "rotate":
            return _rotate(options, server)
        case "rotate-root":
            return _rotate_root(options, server)
        case "import-root":
            return _start(options, server, _own_root(options))
    if options.what:
        raise exits.Stop(exits.USAGE, f"`cert list` takes no {options.what}.")
    return _list(options, server)


def _list(options: Namespace, server: Server) -> int:
    found = _certificates(server, options.namespace)
    head = ("PROXY", "WORKLOAD", "ISSUED", "EXPIRES", "SERIAL", "ROOT")
    rows = [
        (
            f"{one['pod']}.{one['namespace']}",
            one["workload"],
            output.moment(one["issued_at"]) if one["issued_at"] else "",
            output.moment(one["expires_at"]),
            one["serial"][:12] + (" (renewing)" if one["renewing"] else ""),
            one["issuer"][:12],
        )
        for one in found
    ]
    output.show(options.output, {"items": found}, head, rows, empty="No proxy is connected.")
    return exits.OK


def _rotate(options: Namespace, server: Server) -> int:
    """Have the pod's agent make a new key; every pod of its service account there shares it."""
    if not options.what:
        raise exits.Stop(exits.USAGE, "Say which pod: `meshweb cert rotate POD`.")
    found = [
        one
        for one in _certificates(server, options.namespace)
        if options.what in (one["proxy"], one["pod"], f"{one['pod']}.{one['namespace']}")
    ]
    if len(found) != 1:
        many = "several connected proxies are" if found else "no connected proxy is"
        raise exits.Stop(exits.FINDINGS, f"{many} called {options.what}.".capitalize())
    path = f"/proxies/{segment(found[0]['proxy'])}/certificate/rotate"
    asked = server.call("POST", path)
    if options.wait:
        _wait_for_another(options, server, asked)
    shared = f" (shared with {', '.join(asked['shared_with'])})" if asked["shared_with"] else ""
    word = "has been made anew" if options.wait else "is being made anew"
    _tell(options, asked, f"The certificate of {asked['identity']} {word}{shared}.")
    return exits.OK


def _wait_for_another(options: Namespace, server: Server, asked: dict[str, Any]) -> None:
    until = time.monotonic() + options.timeout
    while any(
        one["proxy"] == asked["proxy"] and one["serial"] == asked["serial"]
        for one in _certificates(server, options.namespace)
    ):
        if time.monotonic() > until:
            late = f"Its Envoy shows no other certificate after {options.timeout:g} s."
            raise exits.Stop(exits.FINDINGS, late)
        time.sleep(LOOK_SECONDS)


def _rotate_root(options: Namespace, server: Server) -> int:
    step = options.what or "status"
    if step not in STEPS:
        raise exits.Stop(exits.USAGE, f"rotate-root takes {', '.join(STEPS)}, not {step}.")
    if step == "start":
        return _start(options, server, {})
    if step == "status":
        return _follow(options, server, server.get("/certificates/roots"))
    return _follow(options, server, server.call("POST", f"/certificates/rotation/{step}"))


def _start(options: Namespace, server: Server, own: dict[str, str]) -> int:
    query = {"dry_run": "true"} if options.dry_run else {}
    body = {**own, "automatic": not options.manual}
    answer = server.call("POST", "/certificates/rotation", query, body=body)
    if not options.dry_run:
        return _follow(options, server, answer)
    rows = [(one["kind"], one["name"], one["lacks"]) for one in answer["waiting"]]
    output.show(options.output, answer, ("KIND", "NAME", "WAITING"), rows, empty="Nobody runs.")
    return exits.OK


def _follow(options: Namespace, server: Server, state: dict[str, Any]) -> int:
    until = time.monotonic() + options.timeout
    while options.wait and (state["rotation"] or {}).get("open"):
        if time.monotonic() > until:
            _show(options, state)
            late = f"The rotation has not ended within {options.timeout:g} s."
            raise exits.Stop(exits.FINDINGS, late)
        time.sleep(LOOK_SECONDS)
        state = server.get("/certificates/roots")
    _show(options, state)
    return exits.OK


def _show(options: Namespace, state: dict[str, Any]) -> None:
    head = ("ROOT", "SUBJECT", "EXPIRES", "TRUSTED", "SIGNS")
    rows = [
        (
            one["fingerprint"][:12],
            one["subject"],
            output.moment(one["not_after"]),
            one["trusted"],
            one["signs"],
        )
        for one in state["roots"]
    ]
    output.show(options.output, state, head, rows, empty="There is no root yet.")
    rotation = state["rotation"]
    if options.output != "table" or rotation is None:
        return
    output.say()
    output.say(_sentence(rotation))
    for one in rotation["waiting"]:
        output.say(f"  {one['kind']} {one['name']} {one['lacks']}")


def _sentence(rotation: dict[str, Any]) -> str:
    began = f"Rotation {rotation['number']}, started by {rotation['started_by']}"
    if not rotation["open"]:
        return f"{began}: {rotation['phase']} {output.moment(rotation['ended_at'])}."
    how = "goes on by itself" if rotation["automatic"] else "waits for `continue`"
    return f"{began}: {rotation['phase']}, {rotation['proved']} of {rotation['total']} proved it; it {how}."


def _own_root(options: Namespace) -> dict[str, str]:
    if not options.certificate or not options.key:
        raise exits.Stop(exits.USAGE, "import-root needs --certificate FILE and --key FILE.")
    try:
        return {
            "certificate": Path(options.certificate).read_text(encoding="utf-8"),
            "key": Path(options.key).read_text(encoding="utf-8"),
        }
    except (OSError, UnicodeError) as error:
        raise exits.Stop(exits.USAGE, f"Cannot read it: {error}.") from error


def _certificates(server: Server, namespace: str) -> list[dict[str, Any]]:
    return list(server.items("/certificates", {"namespace": namespace}))


def _tell(options: Namespace, answer: dict[str, Any], sentence: str) -> None:
    if options.output == "table":
        output.say(sentence)
    else:
        output.dump(answer, options.output)
