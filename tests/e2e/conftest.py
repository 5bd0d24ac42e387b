"""One whole mesh for the session; the tests run in the order of ORDER."""

from collections.abc import Iterator
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e import running
from tests.e2e.browsing import ARGUMENTS, CHROMIUM, DESKTOP, PHONE, opened
from tests.e2e.live_graph import LiveGraph
from tests.e2e.running import ROOT, Running

ORDER = (
    "test_start.py",
    "test_graph.py",  # needs a mesh that has carried no other traffic
    "test_weights.py",
    "test_mtls.py",
    "test_traces.py",
    "test_own_traces.py",
    "test_metrics.py",
    "test_platform.py",
    "test_zero_loss.py",
    "test_bad_input.py",
    "test_browser.py",
    "test_pages.py",
    "test_kills.py",
    "test_end.py",  # ends the mesh
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    ours = [item for item in items if item.path.parent == Path(__file__).parent]
    rank = {name: i for i, name in enumerate(ORDER)}
    for item in ours:
        item.add_marker(pytest.mark.e2e)
    ours.sort(key=lambda item: rank[item.path.name])
    items[:] = [item for item in items if item not in ours] + ours


@pytest.fixture(scope="session")
def mesh() -> Iterator[Running]:
    with TemporaryDirectory(prefix="meshweb-e2e-") as directory:
        started = running.start(Path(directory) / "home")
        try:
            yield started
        finally:
            started.end()
            keep_logs(started)


def keep_logs(mesh: Running) -> None:
    """What the mesh and its pods said, where a person can read it after the tests."""
    results = ROOT / "test-results"
    results.mkdir(exist_ok=True)
    (results / "e2e-output.txt").write_text(mesh.output())
    copytree(mesh.home / "logs", results / "logs", dirs_exist_ok=True)


@pytest.fixture(scope="session")
def cookie(mesh: Running) -> str:
    """The session that the printed one-time link opens."""
    return mesh.login_through(mesh.link)


@pytest.fixture
def live(mesh: Running, cookie: str) -> Iterator[LiveGraph]:
    graph = LiveGraph(mesh.url, cookie)
    yield graph
    graph.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(params=[DESKTOP, PHONE], ids=["desktop", "phone"])
def page(
    request: pytest.FixtureRequest, browser: Browser, mesh: Running, cookie: str
) -> Iterator[Page]:
    with opened(browser, mesh, cookie, request.param) as shown:
        yield shown
