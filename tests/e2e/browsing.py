"""A real browser on the running mesh, as the tests of pages use it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize

from tests.e2e.running import ROOT, Running

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP = ViewportSize(width=1280, height=800)
PHONE = ViewportSize(width=390, height=844)
PATIENCE_MS = 15_000
PICTURES = ROOT / "test-results"


@contextmanager
def opened(browser: Browser, mesh: Running, cookie: str, viewport: ViewportSize) -> Iterator[Page]:
    """A page of a logged-in user. A script error on it fails the test."""
    context = browser.new_context(viewport=viewport)
    name, _, value = cookie.partition("=")
    context.add_cookies([{"name": name, "value": value, "url": mesh.url}])
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


def picture(page: Page, name: str) -> None:
    width = page.viewport_size["width"] if page.viewport_size else 0
    PICTURES.mkdir(exist_ok=True)
    page.screenshot(path=Path(PICTURES) / f"{name}-{width}.png")


def fits(page: Page) -> None:
    """Nothing makes the page scroll sideways."""
    wider = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wider <= 0
