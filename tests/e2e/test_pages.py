"""Pages about the mesh itself: who is who, what is configured, what is measured."""

import re

from playwright.sync_api import Page, expect

from tests.e2e.browsing import PATIENCE_MS, fits, picture
from tests.e2e.running import Running

SOON_MS = 60_000


def test_certificates_are_read_and_a_root_is_rotated(page: Page, mesh: Running) -> None:
    page.goto(f"{mesh.url}/certificates")
    expect(page.get_by_test_id("certificates").locator("tbody tr")).to_have_count(
        len(mesh.api.items("/certificates"))
    )
    served = page.get_by_test_id("served-istio-ingress-shop-tls")
    expect(served).to_contain_text("Gateway istio-ingress/shop")
    expect(served).to_contain_text("left")
    fits(page)
    picture(page, "certificates")
    root = page.locator(".root-print").inner_text()
    page.get_by_test_id("rotate-root").click()
    page.get_by_text("Go on by itself when a phase is proved").click()
    picture(page, "certificates-rotate")
    page.get_by_test_id("confirm-rotation").click()
    for phase in ("Both are trusted", "The new one signs", "Only the new one is trusted"):
        card = page.get_by_test_id("rotation")
        expect(card.locator("[aria-current=step]")).to_contain_text(phase)
        further = page.get_by_test_id("continue-rotation")
        expect(further).to_have_text("Continue", timeout=SOON_MS)  # not "without them"
        fits(page)
        picture(page, f"certificates-{phase.split()[0].lower()}")
        further.click()
    expect(page.get_by_test_id("rotation-ended")).to_contain_text("The root was replaced")
    expect(page.locator(".root-print")).to_have_count(1)
    expect(page.locator(".root-print")).not_to_have_text(root)


def test_a_certificate_is_made_anew_by_hand(page: Page, mesh: Running) -> None:
    page.goto(f"{mesh.url}/certificates")
    line = page.get_by_test_id(re.compile("^certificate-ratings"))
    serial = line.get_by_role("button", name="Copy serial").inner_text()
    line.get_by_role("button", name="anew").click()
    line.get_by_test_id("confirm-renewal").click()
    anew = line.get_by_role("button", name="Copy serial")
    expect(anew).not_to_have_text(serial, timeout=PATIENCE_MS)
    line.get_by_role("link").click()
    expect(page).to_have_url(re.compile("/proxies/"))
