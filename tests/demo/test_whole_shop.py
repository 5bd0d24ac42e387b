"""The shop as a whole, without a mesh: pages, orders, and one trace through all of it."""

from collections.abc import Iterator
from http.client import HTTPConnection
from json import loads
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.demo.shop import whole_shop


@pytest.fixture(scope="module")
def storefront() -> Iterator[str]:
    with whole_shop() as url:
        yield url


def ask(
    url: str, method: str, path: str, body: str = "", **headers: str
) -> tuple[int, dict[str, str], str]:
    connection = HTTPConnection(urlsplit(url).netloc, timeout=10)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body or None, sent)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, {k.lower(): v for k, v in answer.getheaders()}, text


def ask_json(url: str, method: str, path: str, body: str = "", visitor: str = "eve") -> Any:
    status, _, text = ask(
        url, method, path, body, accept="application/json", cookie=f"visitor={visitor}"
    )
    return status, loads(text)


def test_the_home_page_shows_every_product_and_who_served_it(storefront: str) -> None:
    status, headers, html = ask(storefront, "GET", "/")
    assert status == 200
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert headers["set-cookie"].startswith("visitor=")
    assert html.count('class="card"') == 8 + 3
    assert "reviews v2" in html
    assert "ratings v2" in html
    assert "recommendations v2" in html


def test_a_product_page_holds_the_work_of_every_service_below_it(storefront: str) -> None:
    status, page = ask_json(storefront, "GET", "/product/lamp")
    assert status == 200
    assert page["product"]["name"] == "Harbour lamp"
    assert [1 <= r["stars"] <= 5 for r in page["reviews"]] == [True, True]
    assert page["suggested"] == ["blanket", "knife", "teapot"]
    assert {name: by["version"] for name, by in page["served"].items()} == {
        "storefront": "v2",
        "catalogue": "v2",
        "reviews": "v2",
        "ratings": "v2",
        "cart": "v2",
        "recommendations": "v2",
    }


def test_what_is_put_into_the_cart_can_be_bought_once(storefront: str) -> None:
    status, headers, _ = ask(
        storefront, "POST", "/cart", "product=lamp",
        cookie="visitor=ann", content_type="application/x-www-form-urlencoded",
    )  # fmt: skip
    assert (status, headers["location"]) == (303, "/cart")
    _, cart = ask_json(storefront, "GET", "/cart", visitor="ann")
    assert [i["id"] for i in cart["items"]] == ["lamp"]
    status, receipt = ask_json(storefront, "POST", "/checkout", visitor="ann")
    assert status == 200
    assert (receipt["shipping_cents"], receipt["total_cents"]) == (600, 12900 + 600)
    assert receipt["served"]["payments"]["version"] == "v2"
    assert ask_json(storefront, "POST", "/checkout", visitor="ann") == (
        409,
        {"error": "the cart is empty"},
    )


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/product/anvil", "", 404),
        ("GET", "/nowhere", "", 404),
        ("DELETE", "/cart", "", 405),
        ("POST", "/cart", "product=anvil", 404),
    ],
)
def test_what_is_not_there_is_said_so(
    storefront: str, method: str, path: str, body: str, status: int
) -> None:
    assert ask(storefront, method, path, body)[0] == status
