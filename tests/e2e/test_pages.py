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


RULES = """groups:
- name: pages
  interval: 1s
  rules:
  - record: page:up:count
    expr: vector(3)
  - alert: Three
    expr: page:up:count == 3
    labels: {severity: page}
    annotations: {summary: "There are {{ $value }}"}
"""


def test_rules_are_written_checked_stored_and_deleted(page: Page, mesh: Running) -> None:
    page.goto(f"{mesh.url}/rules")
    expect(page.get_by_text("No rules yet")).to_be_visible()
    page.get_by_role("link", name="Write the first file of rules").click()
    text = page.get_by_test_id("yaml")
    text.fill(RULES.replace("vector(3)", "vector(3").replace("labels:", "label:"))
    page.get_by_test_id("check-rules").click()
    found = page.get_by_test_id("findings")
    expect(found.locator(".finding")).to_have_count(2)
    expect(found).to_contain_text("unclosed left parenthesis")
    fits(page)
    picture(page, "rules-refused")
    found.get_by_role("button", name="line 9, column 5").click()
    selected = text.evaluate("field => field.value.slice(field.selectionStart).slice(0, 6)")
    assert selected == "label:"
    text.fill(RULES)
    page.get_by_test_id("check-rules").click()
    expect(page.get_by_test_id("rules-checked")).to_contain_text("1 group, 2 rules")
    page.get_by_test_id("rules-name").fill("pages")
    page.get_by_test_id("store-rules").click()
    expect(page.get_by_test_id("rule-page:up:count")).to_contain_text("ok", timeout=PATIENCE_MS)
    alert = page.get_by_test_id("alerts")
    expect(alert).to_contain_text("There are 3", timeout=PATIENCE_MS)
    expect(page.get_by_test_id("rule-Three")).to_contain_text("firing 1")
    page.get_by_test_id("rule-state-firing").click()
    expect(page.get_by_test_id("rule-page:up:count")).to_have_count(0)
    fits(page)
    picture(page, "rules")
    page.get_by_role("link", name="Edit").click()
    page.get_by_role("button", name="Delete …").click()
    page.get_by_test_id("confirm-delete").click()
    expect(page.get_by_text("No rules yet")).to_be_visible()


def test_targets_are_told_or_how_to_have_some(page: Page, mesh: Running) -> None:
    page.goto(f"{mesh.url}/query")
    page.get_by_role("link", name="Targets").click()
    somewhere = page.get_by_test_id("target-state").or_(page.get_by_text("Nothing is scraped"))
    expect(somewhere).to_be_visible()
    fits(page)
    picture(page, "targets")


GATEWAY = """apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: api, namespace: istio-ingress}
spec:
  gatewayClassName: istio
  listeners:
  - name: https
    port: 8443
    protocol: HTTPS
    tls: {certificateRefs: [{name: missing}]}
"""
FAULT = """apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: ratings
  namespace: shop
spec:
  hosts: [ratings]
  http:
  - fault: {abort: {percentage: {value: 0}, httpStatus: 503}}
    route: [{destination: {host: ratings}}]
"""


def test_resources_are_listed_with_their_conditions_and_deleted(page: Page, mesh: Running) -> None:
    mesh.api.accepted("POST", "/apply", GATEWAY)
    page.goto(f"{mesh.url}/config")
    page.get_by_test_id("find-resource").fill("istio-ingress/api")
    expect(page.get_by_test_id("resources").locator("tbody tr")).to_have_count(1)
    fits(page)
    picture(page, "resources")
    page.get_by_role("link", name="api", exact=True).click()
    conditions = page.get_by_test_id("conditions")
    expect(conditions).to_contain_text("Listener https")
    expect(conditions).to_contain_text("ResolvedRefs: False")
    expect(conditions).to_contain_text("certificateRefs name no Secret")
    fits(page)
    picture(page, "resource-conditions")
    page.get_by_role("button", name="Delete …").click()
    page.get_by_test_id("confirm-delete").click()
    expect(page.get_by_text("There is no Gateway istio-ingress/api")).to_be_visible(
        timeout=PATIENCE_MS
    )


def test_a_fault_is_injected_for_a_while_and_its_end_is_moved(page: Page, mesh: Running) -> None:
    page.goto(f"{mesh.url}/config/edit")
    page.get_by_test_id("yaml").fill(FAULT.replace("503", "99"))
    page.get_by_test_id("check-yaml").click()
    place = page.get_by_role("button", name="line 9, column 5")
    expect(place.first).to_be_visible()
    picture(page, "config-refused")
    page.get_by_test_id("yaml").fill(FAULT)
    page.get_by_test_id("expires").select_option("10m")
    page.get_by_test_id("check-yaml").click()
    expect(page.get_by_text("Valid")).to_be_visible()
    page.get_by_test_id("apply-yaml").click()
    expect(page.get_by_test_id("convergence")).to_be_visible()
    page.goto(f"{mesh.url}/config?kind=VirtualService")
    line = page.get_by_test_id("resource-VirtualService shop/ratings")
    expect(line).to_contain_text(re.compile(r"ends in 9 min|ends in 10 min"))
    before = int(line.get_by_role("link").last.inner_text()) - 1
    line.get_by_role("link", name="ratings").click()
    page.get_by_test_id("lasts").select_option("1h")
    page.get_by_test_id("set-lifetime").click()
    expect(page.get_by_test_id("lifetime")).to_contain_text(
        re.compile(r"ends in (59|60) min|ends in 1 h"), timeout=PATIENCE_MS
    )
    fits(page)
    picture(page, "resource-ends")
    page.goto(f"{mesh.url}/config?at={before}&kind=VirtualService")
    expect(page.get_by_test_id("resource-VirtualService shop/reviews")).to_be_visible()
    expect(page.get_by_test_id("resource-VirtualService shop/ratings")).to_have_count(0)
    page.get_by_test_id("config-when").click()
    fits(page)
    picture(page, "resources-then")
    page.get_by_role("button", name="Back to now").click()
    expect(page.get_by_test_id("resource-VirtualService shop/ratings")).to_be_visible()
    mesh.api.accepted("DELETE", "/namespaces/shop/VirtualService/ratings")


def test_two_revisions_are_compared_and_their_pace_is_read(page: Page, mesh: Running) -> None:
    first = mesh.api.weights("reviews", v1=50, v2=30, v3=20)["revision"]
    second = mesh.api.weights("reviews", v1=60, v2=20, v3=20)["revision"]
    page.goto(f"{mesh.url}/revisions")
    pace = page.get_by_test_id("pace")
    expect(pace).to_contain_text(f"Revision {second}:", timeout=PATIENCE_MS)
    pace.get_by_role("slider").press("ArrowLeft")
    expect(pace).to_contain_text(f"Revision {first}:")
    fits(page)
    picture(page, "revisions-pace")
    pace.get_by_role("slider").press("Enter")
    expect(page).to_have_url(re.compile(f"/revisions/{first}$"))
    page.goto(f"{mesh.url}/revisions/compare?a={first}&b={second}")
    compared = page.get_by_test_id("compared")
    expect(compared).to_contain_text("VirtualService shop/reviews")
    expect(compared.locator(".compared-fields")).to_contain_text("spec.http[0].route[0].weight")
    fits(page)
    picture(page, "revisions-compared")
    page.get_by_test_id("compare-to").select_option(str(first))
    expect(page.get_by_text("Nothing differs")).to_be_visible()


def test_an_administrator_lets_people_and_programs_in_and_reads_what_they_did(
    page: Page, mesh: Running
) -> None:
    page.goto(f"{mesh.url}/access")
    page.get_by_test_id("new-account").click()
    page.get_by_test_id("grant-name").fill("eve")
    page.get_by_test_id("grant-role-operator").click()
    page.get_by_role("button", name="shop", exact=True).click()
    fits(page)
    picture(page, "account-new")
    page.get_by_test_id("create-account").click()
    told = page.get_by_test_id("shown-once")
    expect(told).to_contain_text("The password of eve")
    expect(told).to_be_focused()
    expect(page.get_by_test_id("account-eve")).to_contain_text("operator")
    expect(page.get_by_test_id("account-eve")).to_contain_text("shop")
    fits(page)
    picture(page, "account-made")
    page.get_by_role("button", name="I have it").click()
    expect(told).to_have_count(0)
    page.get_by_role("button", name="Delete account eve").click()
    expect(page.get_by_test_id("confirm-delete")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Delete account eve")).to_be_focused()
    page.get_by_role("button", name="Delete account eve").click()
    page.get_by_test_id("confirm-delete").click()
    expect(page.get_by_test_id("account-eve")).to_have_count(0)
    page.get_by_role("link", name="Tokens").click()
    page.get_by_test_id("new-token").click()
    page.get_by_test_id("grant-name").fill("pages")
    page.get_by_test_id("create-token").click()
    expect(told).to_contain_text("mw_")
    expect(page.get_by_test_id("token-pages")).to_contain_text("in 89 d")
    fits(page)
    picture(page, "token-made")
    page.get_by_role("button", name="Take back token pages").click()
    page.get_by_test_id("confirm-delete").click()
    expect(page.get_by_test_id("token-pages")).to_have_count(0)
    page.get_by_role("link", name="Audit").click()
    page.get_by_test_id("audit-target").fill("accounts/eve")
    page.keyboard.press("Enter")
    lines = page.get_by_test_id("audit").locator("tbody tr")
    expect(lines.first).to_contain_text("DELETE /api/v1/accounts/eve")
    fits(page)
    picture(page, "audit")
