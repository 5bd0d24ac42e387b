"""Options and answers that every write has in common."""

import re
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from typing import Any

from mesh_web.cli import exits, output

WAIT = re.compile(r"[0-9]{1,6}(ms|s|m)")
DONE = ("converged", "superseded")


def write_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="only say what would happen")
    parser.add_argument(
        "--force", action="store_true", help="even where it breaks what refers to it"
    )
    parser.add_argument(
        "--wait",
        nargs="?",
        const="5s",
        default=None,
        type=wait_of,
        metavar="5s",
        help="until the proxies have it, at most this long",
    )
    parser.add_argument("-m", "--message", default="", help="why, for the history")
    parser.add_argument(
        "--expires", default="", metavar="10m", help="put back what it changes after this long"
    )


def wait_of(text: str) -> str:
    """Needs its unit, so that a forgotten time does not swallow the next word unnoticed."""
    if not WAIT.fullmatch(text):
        raise ArgumentTypeError(f"{text} is no time; write it like 5s")
    return text


def write_query(options: Namespace) -> dict[str, str]:
    """The query of a write; what is empty is left out."""
    waits = bool(options.wait) and not options.dry_run
    return {
        "dry_run": "true" if options.dry_run else "",
        "force": "true" if options.force else "",
        "wait": "converged" if waits else "",
        "timeout": options.wait if waits else "",
        "message": options.message,
        "expires": options.expires,
    }


def written(options: Namespace, answer: dict[str, Any]) -> int:
    """Say what a write did; FINDINGS where one waited and not every proxy has it."""
    if options.output != "table":
        output.dump(answer, options.output)
    else:
        _say(options, answer)
    waited = bool(options.wait) and not options.dry_run
    return exits.FINDINGS if waited and answer["state"] not in DONE else exits.OK


def _say(options: Namespace, answer: dict[str, Any]) -> None:
    for finding in answer["findings"]:
        output.complain(output.finding_line(finding))
    for change in answer["changes"]:
        would = " (dry run)" if answer["dry_run"] else ""
        resource = change["resource"].replace(" /", " ")  # of the whole cluster
        output.say(f"{resource}: {change['action']}{would}")
    if answer["dry_run"]:
        changes = output.counted(len(answer["changes"]), "change")
        proxies = f"{answer['total']} {'proxy' if answer['total'] == 1 else 'proxies'}"
        output.say(f"{changes} for {proxies}.")
    elif not answer["changes"]:
        output.say(f"Nothing to change; revision {answer['revision']} is in force.")
    else:
        output.say(f"Revision {answer['revision']}: {progress(answer)}.")
        if options.wait:
            _say_missing(answer)


def progress(revision: dict[str, Any]) -> str:
    """converged, 6 of 6 proxies in 34 ms"""
    took = f" in {revision['ms']:.0f} ms" if revision.get("ms") is not None else ""
    share = f", {revision['converged']} of {revision['total']} proxies{took}"
    return f"{revision['state']}{share if revision['total'] else ''}"


def _say_missing(answer: dict[str, Any]) -> None:
    for proxy in answer["proxies"]:
        if proxy["state"] != "synced":
            error = f": {proxy['error']}" if proxy["error"] else ""
            output.complain(f"{proxy['pod']}.{proxy['namespace']} is {proxy['state']}{error}")
