"""What an API server refuses of the Gateway API's objects beyond their fields' types."""

import re
from collections.abc import Iterator

from routing.parse.notes import Note, Spec, items, milliseconds, part, text, texts

HEADER_FILTERS = ("RequestHeaderModifier", "ResponseHeaderModifier")
NO_PATH = ("//", "/./", "/../", "%2f", "#")
FIELD_OF = {
    "RequestHeaderModifier": "requestHeaderModifier",
    "ResponseHeaderModifier": "responseHeaderModifier",
    "RequestRedirect": "requestRedirect",
    "URLRewrite": "urlRewrite",
    "RequestMirror": "requestMirror",
    "CORS": "cors",
    "ExtensionRef": "extensionRef",
    "ExternalAuth": "externalAuth",
}
HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+\-.^_`|~]+")
ONCE = ("RequestHeaderModifier", "ResponseHeaderModifier", "RequestRedirect", "URLRewrite", "CORS")


def verify_rule(given: Spec, path: str, note: Note) -> None:
    kinds = verify_filters(given, path, note)
    backends = items(given, "backendRefs")
    if "RequestRedirect" in kinds and backends:
        note("MSH1022", path, "RequestRedirect, backendRefs")
    for i, one in enumerate(backends):
        verify_backend(one, f"{path}.backendRefs[{i}]", note)
        verify_filters(one, f"{path}.backendRefs[{i}]", note)
    timeouts = part(given, "timeouts")
    whole, each = milliseconds(timeouts, "request"), milliseconds(timeouts, "backendRequest")
    if whole and each and each > whole:
        note("MSH1021", f"{path}.timeouts.backendRequest", "backendRequest", "at most request")


def verify_backend(given: Spec, path: str, note: Note) -> None:
    to = (text(given, "group"), text(given, "kind") or "Service")
    if to == ("", "Service") and given.get("port") is None:
        note("MSH1011", f"{path}.port", f"{path}.port")


def verify_filters(given: Spec, path: str, note: Note) -> list[str]:
    """The types of the filters."""
    kinds: list[str] = []
    for i, one in enumerate(items(given, "filters")):
        kind, where = text(one, "type"), f"{path}.filters[{i}]"
        wanted = FIELD_OF[kind]
        if one.get(wanted) is None:
            note("MSH1011", f"{where}.{wanted}", f"{where}.{wanted}")
        if kind in kinds and kind in ONCE:
            note("MSH1022", where, f"{kind}, {kind}")
        if kind == "RequestMirror":
            mirrored_to = part(part(one, "requestMirror"), "backendRef")
            verify_backend(mirrored_to, f"{where}.requestMirror.backendRef", note)
        for name in names_of(part(one, wanted)) if kind in HEADER_FILTERS else ():
            if not HEADER_NAME.fullmatch(name):
                note("MSH1021", where, repr(name), "a header's name")
        kinds.append(kind)
    if {"RequestRedirect", "URLRewrite"} <= set(kinds):
        note("MSH1022", f"{path}.filters", "RequestRedirect, URLRewrite")
    return kinds


def names_of(change: Spec) -> Iterator[str]:
    """The headers that a filter changes."""
    for field in ("set", "add"):
        yield from (one["name"] for one in items(change, field))
    yield from texts(change, "remove")


def verify_hosts(hosts: tuple[str, ...], path: str, note: Note) -> None:
    for i, host in enumerate(hosts):
        if not HOST.fullmatch(host) or ADDRESS.fullmatch(host):
            note("MSH1021", f"{path}[{i}]", repr(host), "a host name, its first label perhaps *")


HOST = re.compile(r"(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
ADDRESS = re.compile(r"[0-9]+(\.[0-9]+){3}")


def verify_path(value: str, path: str, note: Note) -> None:
    if not value.startswith("/"):
        note("MSH1021", path, repr(value), "a path that starts with /")
    elif value.endswith(("/.", "/..")) or any(part_ in value.lower() for part_ in NO_PATH):
        note("MSH1021", path, repr(value), "a path without //, /./, /../, %2f and #")
