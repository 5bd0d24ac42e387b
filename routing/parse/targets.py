"""Reads which gateways of the Gateway API a policy is for."""

from routing.model.gateway_api import GROUP
from routing.parse.notes import Note, Spec, items, part, text


def targets(spec: Spec, note: Note) -> tuple[str, ...] | None:
    """The names of Gateways; None where a selector decides. Of waypoints' targets there are none."""
    older = part(spec, "targetRef")
    given = items(spec, "targetRefs") or ([older] if older else [])
    if not given:
        return None
    if spec.get("selector"):
        note("MSH1022", "spec", "selector, targetRefs")
    found = []
    for i, target in enumerate(given):
        path = f"spec.targetRefs[{i}]" if items(spec, "targetRefs") else "spec.targetRef"
        kind, group = text(target, "kind"), text(target, "group")
        if kind == "Gateway" and group == GROUP:
            found.append(text(target, "name"))
        else:
            note("MSH1019", f"{path}.kind", f"{path} ({group}/{kind})")
    return tuple(found)
