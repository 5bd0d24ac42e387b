"""Reads where requests of a route are sent besides."""

from collections.abc import Iterator

from routing.model.virtual_service import HttpMirror
from routing.parse.fault import percentage
from routing.parse.matches import destination
from routing.parse.notes import Note, Spec, items, part


def mirrors(given: Spec, path: str, note: Note) -> tuple[HttpMirror, ...]:
    if given.get("mirror") and given.get("mirrors"):
        note("MSH1022", path, "mirror, mirrors")
    return tuple(m for m in (*single(given), *several(given)) if m.percent > 0)


def single(given: Spec) -> Iterator[HttpMirror]:
    if given.get("mirror"):
        old = given.get("mirrorPercent", given.get("mirror_percent"))
        whole = 100.0 if old is None else float(min(old, 100))
        yield HttpMirror(
            destination=destination(part(given, "mirror")),
            percent=percentage({"percentage": given.get("mirrorPercentage")}, whole),
        )


def several(given: Spec) -> Iterator[HttpMirror]:
    for one in items(given, "mirrors"):
        yield HttpMirror(
            destination=destination(part(one, "destination")), percent=percentage(one, 100.0)
        )
