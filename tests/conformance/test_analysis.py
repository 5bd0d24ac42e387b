"""Our findings agree with Istio's analyses, Istio's schemas and Kiali's validations."""

from collections import Counter
from pathlib import Path
from typing import Any

from rest.contracts import Finding, Severity
from routing.checks.analysis import analyze
from routing.checks.check import CheckInput, check, verdict
from routing.parse import parse_yaml
from routing.sources.files import Source, read_files, read_text
from tests.conformance.sets import expected, folder, judge


def findings(source: Source) -> tuple[Finding, ...]:
    return (*source.findings, *analyze(source.cluster))


def refusals(source: Source) -> list[Finding]:
    """What an API server would not take."""
    return [
        f
        for f in findings(source)
        if f.severity is Severity.ERROR and (f.code == "IST0106" or f.code.startswith("MSH10"))
    ]


def given(where: Path, path: object) -> Path | None:
    return where / path if isinstance(path, str) else None


def test_findings_agree_with_istios_analyses() -> None:
    where = folder("istio-analyze")

    def difference(case: dict[str, Any]) -> object:
        files = [*(where / i for i in case["inputs"]), where / "default-resources.json"]
        mesh, networks = (given(where, case.get(key)) for key in ("mesh_config", "mesh_networks"))
        found = Counter(
            (f.code, f.severity.value, f.resource)
            for f in findings(read_files(files, mesh=mesh, networks=networks))
            if f.code in case["analyzer_codes"]
        )
        wanted = Counter((e["code"], e["level"].lower(), e["resource"]) for e in case["expected"])
        return dict(found - wanted) | dict(wanted - found)

    judge(expected(where), difference)


def test_resources_are_accepted_or_refused_as_istios_schemas_do() -> None:
    where = folder("istio-crds")

    def difference(case: dict[str, Any]) -> object:
        lines = (where / case["file"]).read_text().splitlines()
        found = refusals(read_text("\n".join(li for li in lines if not li.startswith("_err"))))
        return None if bool(found) != case["valid"] else found or "accepted"

    judge(expected(where), difference)


def test_a_running_mesh_accepts_and_refuses_the_same() -> None:
    where = folder("istio-crds")

    def difference(case: dict[str, Any]) -> object:
        lines = (where / case["file"]).read_text().splitlines()
        parsed = parse_yaml("\n".join(li for li in lines if not li.startswith("_err")))
        touched = frozenset(d.key for d in parsed.documents)
        found = [f for f in parsed.findings if f.severity is Severity.ERROR]
        found.extend(verdict(check(CheckInput(documents=parsed.documents)), (), touched).own)
        return None if bool(found) != case["valid"] else found or "accepted"

    judge(expected(where), difference)


def test_findings_cover_what_kiali_documents() -> None:
    where = folder("kiali-validations")

    def difference(case: dict[str, Any]) -> object:
        found = [f for f in findings(read_files([where / case["file"]])) if f.code == case["code"]]
        if bool(found) != case["must_report"]:
            return found or "not reported"
        known = case["severity"]
        return [f for f in found if known and f.severity.value not in known]

    judge(expected(where), difference)


def test_real_user_yaml_is_accepted() -> None:
    where = folder("bookinfo")

    def difference(case: dict[str, Any]) -> object:
        source = read_files([where / case["path"]])
        objects = len(source.cluster.objects)
        return refusals(source) or (None if objects == case["objects"] else objects)

    judge({path: {"path": path, **case} for path, case in expected(where).items()}, difference)
