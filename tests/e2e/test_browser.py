"""Journeys in a real browser: from the login link to steering the mesh and reading a trace."""

import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browsing import DESKTOP, PATIENCE_MS, fits, picture
from tests.e2e.running import Running
from tests.e2e.shop import hop, service, workload
from tests.e2e.waiting import eventually

CONVERGED = re.compile(r"(\d+) of \1 prox(y|ies) converged in \d")
LOAD = 25


@pytest.fixture(scope="module", autouse=True)
def busy(mesh: Running) -> Iterator[None]:
    mesh.visitors.rate(LOAD)
    yield
    mesh.visitors.pause()
    mesh.api.mtls("shop", "PERMISSIVE")
    mesh.api.weights("reviews", v1=60, v2=20, v3=20)


def open_graph(page: Page, mesh: Running, selected: str = "") -> None:
    page.goto(f"{mesh.url}/?select={quote(selected)}" if selected else mesh.url)
    storefront = page.get_by_test_id(f"node-{workload('storefront')}")
    expect(storefront).to_be_attached(timeout=PATIENCE_MS)


def test_the_one_time_link_leads_to_the_live_graph(browser: Browser, mesh: Running) -> None:
    context = browser.new_context(viewport=DESKTOP)
    page = context.new_page()
    page.goto(mesh.fresh_link())
    expect(page.get_by_test_id(f"node-{workload('storefront')}")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_test_id(f"node-{service('reviews')}")).to_be_visible()
    picture(page, "login-link")
    context.close()


def test_a_stranger_is_asked_to_log_in(browser: Browser, mesh: Running) -> None:
    context = browser.new_context(viewport=DESKTOP)
    page = context.new_page()
    page.goto(mesh.url)
    expect(page.locator("input[type=password]")).to_be_visible(timeout=PATIENCE_MS)
    picture(page, "login")
    context.close()


def test_the_graph_shows_every_workload_and_moving_traffic(page: Page, mesh: Running) -> None:
    open_graph(page, mesh)
    for name in ("catalogue", "cart", "checkout", "reviews-v1", "reviews-v2", "datastore"):
        expect(page.get_by_test_id(f"node-{workload(name)}")).to_be_attached()
    edge = hop(workload("storefront"), service("catalogue"))
    label = page.get_by_test_id(f"edge-{edge}")
    expect(label).to_be_attached()
    first = label.get_attribute("title")

    def moved() -> bool:
        page.wait_for_timeout(500)
        return label.get_attribute("title") != first

    eventually("the edge's numbers move", moved, within=15, every=0)
    fits(page)
    picture(page, "graph")


def test_weights_are_moved_with_a_slider_and_the_traffic_follows(page: Page, mesh: Running) -> None:
    open_graph(page, mesh, service("reviews"))
    panel = page.get_by_test_id("service-panel")
    expect(panel).to_be_visible()
    start = panel.get_by_test_id("weight-input-v2").input_value()
    wanted = "80" if int(start) < 50 else "10"
    panel.get_by_test_id("weight-slider-v2").fill(wanted)
    panel.get_by_test_id("apply-weights").click()
    expect(panel.get_by_test_id("convergence")).to_contain_text(CONVERGED, timeout=PATIENCE_MS)
    picture(page, "weights-applied")

    def measured() -> bool:
        page.wait_for_timeout(300)
        shown = panel.get_by_test_id("measured-v2").inner_text()
        share = float(re.sub(r"[^0-9.]", "", shown) or "-100")
        assert abs(share - int(wanted)) <= 17, shown
        return True

    eventually("the measured split follows", measured, within=25, every=0)
    fits(page)
    picture(page, "weights-measured")
    weights = mesh.api.get("/namespaces/shop/services/reviews/weights")
    assert weights["v2"] == int(wanted)


def test_mutual_tls_of_a_namespace_is_switched_with_proof(page: Page, mesh: Running) -> None:
    mesh.api.mtls("shop", "PERMISSIVE")
    failed = mesh.visitors.counts()["total"]["failed"]
    open_graph(page, mesh, "namespace:shop")
    panel = page.get_by_test_id("namespace-panel")
    expect(panel).to_be_visible()
    panel.get_by_test_id("mtls-shop-STRICT").click()
    expect(panel.get_by_test_id("convergence")).to_contain_text(CONVERGED, timeout=PATIENCE_MS)
    assert mesh.api.get("/namespaces/shop/mtls")["mode"] == "STRICT"
    fits(page)
    picture(page, "mtls")
    counts = mesh.visitors.counts()
    assert counts["total"]["failed"] == failed, counts["failures"]


def test_an_edge_leads_to_its_traces_and_a_timeline(page: Page, mesh: Running) -> None:
    edge = hop(workload("storefront"), service("catalogue"))
    open_graph(page, mesh, edge)
    panel = page.get_by_test_id("edge-panel")
    expect(panel).to_be_visible()
    expect(panel).to_contain_text("mutual TLS")
    traces = panel.get_by_test_id("trace-list").locator("a")
    expect(traces.first).to_be_visible(timeout=PATIENCE_MS)
    fits(page)
    picture(page, "edge")
    traces.first.click()
    page.wait_for_url(re.compile(r"/traces/[0-9a-f]{32}"))
    timeline = page.get_by_test_id("trace-timeline")
    expect(timeline).to_be_visible()
    for name in ("istio-ingressgateway", "storefront", "catalogue"):
        expect(timeline.get_by_text(name).first).to_be_attached()
    fits(page)
    picture(page, "trace")


def test_a_trace_is_searched_in_words_and_read(page: Page, mesh: Running) -> None:
    page.goto(f"{mesh.url}/traces")
    box = page.get_by_test_id("query-box")
    box.press_sequentially("http.status_c")
    expect(page.get_by_test_id("suggestions")).to_contain_text("http.status_code")
    box.press("ArrowDown")
    box.press("Enter")
    expect(box).to_have_value("http.status_code=")
    box.press_sequentially("200 AND")
    box.press("Enter")
    expect(page.get_by_test_id("query-error")).to_contain_text("expected")
    box.fill("http.status_code=200 AND kind=server")
    box.press("Enter")
    page.get_by_test_id("trace-list").locator("a").first.click()
    expect(page.locator(".span-critical").first).to_be_attached()
    page.get_by_test_id("spans").press("Enter")
    details = page.get_by_test_id("span-details")
    expect(details).to_contain_text("http.status_code")
    fits(page)
    picture(page, "trace-details")
    details.get_by_role("link", name="200", exact=True).click()
    expect(page.get_by_test_id("query-box")).to_have_value("http.status_code=200")


def test_two_traces_are_held_against_each_other(page: Page, mesh: Running) -> None:
    page.goto(f"{mesh.url}/traces")
    marks = page.get_by_test_id("choose-trace")
    marks.nth(0).check()
    marks.nth(1).check()
    page.get_by_test_id("compare").click()
    expect(page.get_by_test_id("compared-step").first).to_be_visible()
    fits(page)
    picture(page, "traces-compared")


def test_many_traces_are_summed_up(page: Page, mesh: Running) -> None:
    for tab in ("statistics", "groups", "dependencies"):
        page.goto(f"{mesh.url}/traces?tab={tab}&limit=20")
        shown = page.get_by_test_id(f"trace-{tab}")
        expect(shown.locator("table").first).to_contain_text("storefront")
        fits(page)
        picture(page, f"traces-{tab}")


def test_logs_are_read_and_lead_to_their_trace(page: Page, mesh: Running) -> None:
    def logged() -> str | None:  # one call in ten has a trace, which may be kept before its lines
        for one in mesh.api.items("/traces", service="storefront")[:20]:
            if mesh.api.items("/logs", trace_id=one["trace_id"], kind="access"):
                return str(one["trace_id"])
        return None

    trace_id = eventually("a trace and its lines are kept", logged, 20)
    page.goto(f"{mesh.url}/logs?trace={trace_id}&kinds=access&live=0")
    line = page.get_by_test_id("log-line").filter(has_text="GET").first
    line.click()
    expect(page.get_by_test_id("log-details").first).to_contain_text("response_code")
    fits(page)
    picture(page, "logs-open")
    page.get_by_test_id("logs").get_by_role("link", name="trace", exact=True).first.click()
    page.wait_for_url(re.compile(rf"/traces/{trace_id}"))
    expect(page.get_by_test_id("trace-timeline")).to_be_visible()


def test_metrics_are_asked_in_promql(page: Page, mesh: Running) -> None:
    page.goto(f"{mesh.url}/query")
    box = page.get_by_test_id("query-box")
    box.press_sequentially("sum(rate(istio_requests_t")
    page.get_by_test_id("suggestions").get_by_text("istio_requests_total").click()
    box.press_sequentially("[1m])")
    box.press("Enter")
    expect(page.get_by_test_id("query-error")).to_contain_text("unclosed left parenthesis")
    box.fill("sum(rate(istio_requests_total[1m]))")
    box.press("Enter")
    expect(page.locator(".plot-line").first).to_be_attached()
    fits(page)
    picture(page, "metrics-asked")


def test_every_other_page_opens_and_fits(page: Page, mesh: Running) -> None:
    for path in (
        "traces",
        "logs",
        "query",
        "rules",
        "rules/edit",
        "targets",
        "certificates",
        "workloads",
        "proxies",
        "explain",
        "revisions",
        "config",
        "config/edit",
    ):
        page.goto(f"{mesh.url}/{path}")
        expect(page.locator("main")).to_be_visible()
        page.wait_for_timeout(800)
        fits(page)
        picture(page, path)


def test_the_shop_front_looks_like_a_shop(page: Page, mesh: Running) -> None:
    page.goto(f"http://127.0.0.1:{mesh.ingress.port}/product/teapot")
    expect(page.get_by_role("heading", name="Stoneware teapot")).to_be_visible()
    picture(page, "shop-product")
    page.get_by_role("button", name="Add to cart").click()
    expect(page.get_by_text("Stoneware teapot")).to_be_visible()
    picture(page, "shop-cart")
    page.get_by_role("button", name="Check out").click()
    expect(page.get_by_text("Thank you")).to_be_visible()
    page.goto(f"http://127.0.0.1:{mesh.ingress.port}/")
    fits(page)
    picture(page, "shop")
