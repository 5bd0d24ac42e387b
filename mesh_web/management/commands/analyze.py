"""Check configuration files as Istio and Kiali would, without a mesh: nothing exists but the files."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from pathlib import Path

from django.core.management.base import BaseCommand

from mesh_web.cli import exits
from rest.contracts import Finding, Severity


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="files or folders")
        parser.add_argument("-o", "--output", choices=tuple(SHAPES), default="table")
        parser.add_argument("--mesh-config", type=Path, help="Istio's MeshConfig, as YAML")
        parser.add_argument("--mesh-networks", type=Path, help="Istio's MeshNetworks, as YAML")

    def handle(self, **options: object) -> None:
        from routing.checks.analysis import analyze  # noqa: PLC0415  --help need not wait for it
        from routing.sources.files import read_files  # noqa: PLC0415

        mesh, networks = options["mesh_config"], options["mesh_networks"]
        files: list[Path] = given if isinstance(given := options["files"], list) else []
        source = read_files(
            files,
            mesh=mesh if isinstance(mesh, Path) else None,
            networks=networks if isinstance(networks, Path) else None,
        )
        findings = (*source.findings, *analyze(source.cluster))
        self.stdout.write(SHAPES[str(options["output"])](findings))
        if not all(path.exists() for path in files):
            sys.exit(exits.USAGE)
        if any(one.severity is Severity.ERROR for one in findings):
            sys.exit(exits.FINDINGS)


def as_json(findings: tuple[Finding, ...]) -> str:
    """A list of findings, one object each."""
    from routing.findings import all_json  # noqa: PLC0415  as above

    return json.dumps(all_json(findings), indent=2)


def as_yaml(findings: tuple[Finding, ...]) -> str:
    """The same list as YAML."""
    from mesh_web.cli import output  # noqa: PLC0415  as above
    from routing.findings import all_json  # noqa: PLC0415  as above

    return output.as_yaml(all_json(findings))


def as_table(findings: tuple[Finding, ...]) -> str:
    """One line for each, the widest cell of a column giving its width."""
    if not findings:
        return "nothing found"
    rows = [("SEVERITY", "CODE", "RESOURCE", "PATH", "MESSAGE")]
    rows += [(f.severity.value, f.code, f.resource, f.path, f.message) for f in findings]
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[4]])
        for row in rows
    )


SHAPES: Mapping[str, Callable[[tuple[Finding, ...]], str]] = {
    "table": as_table,
    "yaml": as_yaml,
    "json": as_json,
}
