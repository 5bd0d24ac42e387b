"""Where workloads are: "region/zone/subzone", from labels or written."""

from topology.contracts import Labels

LOCALITY_LABEL = "istio-locality"
PLACE_LABELS = (
    "topology.kubernetes.io/region",
    "topology.kubernetes.io/zone",
    "topology.istio.io/subzone",
)


def place_of(labels: Labels, written: str = "") -> str:
    """The label `istio-locality` (which may have dots for slashes), else the topology labels."""
    known = dict(labels)
    said = written or known.get(LOCALITY_LABEL, "")
    if said:
        return said if "/" in said else said.replace(".", "/")
    return "/".join(known.get(label, "") for label in PLACE_LABELS).rstrip("/")


def with_place(labels: Labels, place: str) -> Labels:
    """Labels and those that say the place, as priorities compare them."""
    parts = zip(PLACE_LABELS, place.split("/"), strict=False)
    return tuple(sorted((dict(labels) | {name: part for name, part in parts if part}).items()))


def parts_of(place: str) -> tuple[str, str, str]:
    region, zone, subzone = (*place.split("/"), "", "", "")[:3]
    return region, zone, subzone


def covers_place(pattern: str, place: str) -> bool:
    """ "*" takes all; "region/*" and "region" all of a region, "region/zone/*" all of a zone."""
    for wanted, part in zip(parts_of(pattern), parts_of(place), strict=True):
        if wanted in ("*", ""):
            return True
        if wanted != part:
            return False
    return True
