"""The storefront: the shop as visitors see it, as pages and, when asked for JSON, as data."""

import asyncio
import re
import secrets
from functools import cache
from typing import Any

from demo.shop import page, recommendations
from demo.shop.client import Upstream
from demo.shop.messages import Request, Response, error_response, json_response
from demo.shop.server import Route, identity, main

VISITOR = re.compile(r"[a-zA-Z0-9-]{1,64}")


@cache
def upstream(name: str) -> Upstream:
    return Upstream.from_environment(name)


def _visitor(request: Request) -> str:
    """Who this is, from the cookie; a new name for a new visitor."""
    given = request.cookies.get("visitor", "")
    return given if VISITOR.fullmatch(given) else secrets.token_hex(8)


def _answer(request: Request, visitor: str, data: dict[str, Any], html: str) -> Response:
    if request.wants_json:
        return json_response(data)
    cookie = f"visitor={visitor}; Path=/; HttpOnly; SameSite=Lax"
    return Response(
        body=html.encode(), content_type="text/html; charset=utf-8", headers={"set-cookie": cookie}
    )


async def _cart(visitor: str) -> dict[str, Any]:
    answer: dict[str, Any] = (await upstream("cart").get(f"/cart/{visitor}")).json()
    return answer


async def _view(visitor: str, product_id: str) -> tuple[Response, dict[str, Any]]:
    """What a page shows: the catalogue's answer, and all else merged with it."""
    path = f"/products/{product_id}" if product_id else "/products"
    listed, cart, (suggested, version) = await asyncio.gather(
        upstream("catalogue").get(path), _cart(visitor), recommendations.ask(product_id)
    )
    catalogue = listed.json()
    served = {
        "storefront": identity(),
        **catalogue.get("served", {}),
        **cart["served"],
        "recommendations": {"version": version, "pod": ""},
    }
    return listed, {
        **catalogue,
        "suggested": suggested,
        "cart_items": len(cart["items"]),
        "served": served,
    }


async def home(request: Request) -> Response:
    visitor = _visitor(request)
    _, view = await _view(visitor, "")
    return _answer(request, visitor, view, page.home(view))


async def product(request: Request) -> Response:
    visitor = _visitor(request)
    listed, view = await _view(visitor, request.params["id"])
    if listed.status != 200:
        return error_response(404, f"no product {request.params['id']}")
    return _answer(request, visitor, view, page.product(view))


async def api_product(request: Request) -> Response:
    """GET /api/products/{id}: catalogue, reviews and ratings alone, as JSON."""
    answer = await upstream("catalogue").get(f"/products/{request.params['id']}")
    return Response(status=answer.status, body=answer.body)


async def show_cart(request: Request) -> Response:
    visitor = _visitor(request)
    cart = await _cart(visitor)
    cart["served"] = {"storefront": identity(), **cart["served"]}
    return _answer(request, visitor, cart, page.cart(cart))


async def add_to_cart(request: Request) -> Response:
    """A form (or JSON) with `product`; answers with the cart's page by redirect."""
    visitor = _visitor(request)
    is_json = "json" in request.headers.get("content-type", "")
    chosen = (request.json() if is_json else request.form()).get("product")
    answer = await upstream("cart").call("POST", f"/cart/{visitor}", {"product": chosen})
    if answer.status != 200 or request.wants_json:
        return Response(status=answer.status, body=answer.body)
    cookie = f"visitor={visitor}; Path=/; HttpOnly; SameSite=Lax"
    return Response(status=303, headers={"location": "/cart", "set-cookie": cookie})


async def checkout(request: Request) -> Response:
    visitor = _visitor(request)
    answer = await upstream("checkout").call("POST", "/orders", {"visitor": visitor})
    if answer.status != 200:
        return Response(status=answer.status, body=answer.body)
    receipt = answer.json()
    receipt["served"] = {"storefront": identity(), **receipt["served"]}
    return _answer(request, visitor, receipt, page.receipt(receipt))


ROUTES = (
    Route("GET", "/", home),
    Route("GET", "/product/{id}", product),
    Route("GET", "/api/products/{id}", api_product),
    Route("GET", "/cart", show_cart),
    Route("POST", "/cart", add_to_cart),
    Route("POST", "/checkout", checkout),
)

if __name__ == "__main__":
    main(*ROUTES)
