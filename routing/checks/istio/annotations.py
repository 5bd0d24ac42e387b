"""IST0107, IST0108, IST0125, IST0135, IST0136: Istio's annotations are known, fit and placed well."""

from collections.abc import Iterator, Mapping

from rest.contracts import Finding
from routing.checks.cluster import (
    DEPLOYMENT,
    NAMESPACE,
    POD,
    SERVICE,
    Cluster,
    Object,
    template_of,
)
from routing.checks.istio.known_annotations import ANNOTATIONS, WRITTEN_BY_ISTIO, Phase
from routing.checks.rule import found

FOREIGN = ("operator.istio.io", "install.operator.istio.io", "meshweb.dev")


def annotations(cluster: Cluster) -> Iterator[Finding]:
    for one in cluster.of(NAMESPACE, SERVICE, POD, DEPLOYMENT):
        yield from check(one, one.kind, "metadata.annotations", one.annotations)
    for deployment in cluster.of(DEPLOYMENT):
        given = template_of(deployment).annotations
        path = "spec.template.metadata.annotations"
        for said in check(deployment, "Pod", path, given):
            if said.code not in ("IST0135", "IST0136"):
                yield said  # how mature it is, is said of the pods


def check(one: Object, kind: str, path: str, given: Mapping[str, str]) -> Iterator[Finding]:
    for name, value in given.items():
        domain = name.partition("/")[0]
        if not is_istios(domain):
            continue
        where = f"{path}.{name}"
        known = ANNOTATIONS.get(name)
        if known is None:
            yield found("IST0108", one, where, name)
            continue
        if known.kinds and kind not in known.kinds:
            yield found("IST0107", one, where, name, " or ".join(sorted(known.kinds)))
        wrong = known.wrong(value) if known.wrong else None
        if wrong:
            yield found("IST0125", one, where, name, wrong)
        if known.phase is Phase.DEPRECATED:
            yield found("IST0135", one, where, name)
        elif known.phase is Phase.ALPHA and name not in WRITTEN_BY_ISTIO:
            yield found("IST0136", one, where, name)


def is_istios(domain: str) -> bool:
    return (domain == "istio.io" or domain.endswith(".istio.io")) and domain not in FOREIGN
