"""Where targets come from: the configuration's file, files it names, and pods of the registry.

Files are looked at again and again, so that a changed one counts without a restart. A file that
became unreadable leaves what it said before.
"""

import glob
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import orjson

from telemetry.contracts import ScrapeProblem
from telemetry.scrape.configuration import Configuration, configuration, groups_of
from telemetry.scrape.jobs import Group, Job
from telemetry.scrape.targets import Found, targets_of

log = logging.getLogger(__name__)

MAX_FILES = 1000
"""Of targets, one pattern names at most."""
NAMESPACE = "__meta_kubernetes_namespace"
FILE = "__meta_filepath"
Stamp = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What is to be scraped. `text` is the configuration as it may be shown."""

    jobs: tuple[Job, ...] = ()
    found: Mapping[str, Found]
    problems: tuple[ScrapeProblem, ...] = ()
    text: str = ""
    read_at: float = 0.0


@dataclass(frozen=True, slots=True)
class _File:
    stamp: Stamp
    groups: tuple[Group, ...]
    problems: tuple[ScrapeProblem, ...]


class Discovery:
    """`own` are the jobs that came with Meshweb; a job of the file with the same name replaces one."""

    def __init__(self, path: str, own: Configuration) -> None:
        self._path = Path(path)
        self._own = own
        self._stamp: Stamp | None = None
        self._read_at = time.time()
        self._read = Configuration()
        self._unsound: tuple[ScrapeProblem, ...] = ()
        self._files: dict[str, _File] = {}

    def look(self, pods: bytes) -> View:
        """Read what changed. `pods` is the registry's list (`telemetry.contracts.SCRAPE_PODS`)."""
        self._look_at_configuration()
        theirs = {job.name for job in self._read.jobs}
        jobs = (*(job for job in self._own.jobs if job.name not in theirs), *self._read.jobs)
        registry = _pods(pods)
        problems = [*self._read.problems, *self._unsound]
        found = {}
        seen: dict[str, _File] = {}
        for job in jobs:
            groups = [*job.groups]
            for pattern in job.files:
                for file in self._matching(pattern, seen):
                    groups += file.groups
                    problems += file.problems
            if job.pods is not None:
                groups += (
                    group
                    for group in registry
                    if not job.pods or group.labels.get(NAMESPACE) in job.pods
                )
            found[job.name] = targets_of(job, groups)
            problems += _problems_of(job, found[job.name])
        self._files = seen
        text = self._own.text if not self._read.text else f"{self._own.text}---\n{self._read.text}"
        return View(
            jobs=jobs, found=found, problems=tuple(problems), text=text, read_at=self._read_at
        )

    def _look_at_configuration(self) -> None:
        stamp = _stamp(self._path)
        if stamp == self._stamp:
            return
        self._stamp, self._read_at = stamp, time.time()
        if stamp is None:
            self._read, self._unsound = Configuration(), ()
            return
        text = _text(self._path)
        read = configuration(text, base=self._path.parent) if text is not None else None
        if read is None or any(one.code == "MSH2101" for one in read.problems):
            why = read.problems if read else (_unreadable(str(self._path)),)
            self._unsound = tuple(replace(one, path=one.path or str(self._path)) for one in why)
        else:
            self._read, self._unsound = read, ()
            log.info("scraping: %s has %d jobs", self._path, len(read.jobs))
        for one in (*self._unsound, *self._read.problems):
            log.warning("scraping: %s %s: %s", one.severity, one.path, one.message)

    def _matching(self, pattern: str, seen: dict[str, _File]) -> list[_File]:
        found = []
        for name in islice(sorted(glob.glob(pattern)), MAX_FILES):  # noqa: PTH207  absolute patterns
            if name not in seen:
                seen[name] = self._file(name)
            found.append(seen[name])
        return found

    def _file(self, name: str) -> _File:
        before = self._files.get(name)
        stamp = _stamp(Path(name))
        if before is not None and (stamp is None or stamp == before.stamp):
            return before
        text = _text(Path(name))
        groups, problems = groups_of(text) if text is not None else ((), (_unreadable(name),))
        problems = tuple(replace(one, path=f"{name}{one.path}") for one in problems)
        if any(one.severity == "error" for one in problems):
            groups = before.groups if before is not None else ()
        groups = tuple(replace(one, labels={**one.labels, FILE: name}) for one in groups)
        return _File(stamp or (0, 0, 0), groups, problems)


def _pods(document: bytes) -> tuple[Group, ...]:
    """`[{"targets": [...], "labels": {...}}]`, as a file of targets is."""
    if not document:
        return ()
    return tuple(
        Group(targets=tuple(one["targets"]), labels=one["labels"], trusted=True)
        for one in orjson.loads(document)
    )


def _problems_of(job: Job, found: Found) -> list[ScrapeProblem]:
    texts = ((found.error,) if found.error else ()) + found.wrong
    return [
        ScrapeProblem(
            code="MSH2109", severity="error", path=f"scrape_configs[{job.name}]", message=text
        )
        for text in texts
    ]


def _stamp(path: Path) -> Stamp | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _text(path: Path) -> str | None:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError):
        return None


def _unreadable(name: str) -> ScrapeProblem:
    return ScrapeProblem(
        code="MSH2101", severity="error", path=name, message="the file cannot be read"
    )
