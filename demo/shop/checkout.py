"""Checkout: cart, shipping quote from the carrier outside the mesh, payment, empty cart."""

import re
from functools import cache

from demo.shop.client import Upstream
from demo.shop.messages import Request, Response, error_response, json_response
from demo.shop.server import Route, identity, main

VISITOR = re.compile(r"[a-zA-Z0-9-]{1,64}")


@cache
def upstream(name: str) -> Upstream:
    return Upstream.from_environment(name)


async def order(request: Request) -> Response:
    """Body: {"visitor": ...}. 409 for an empty cart."""
    visitor = request.json().get("visitor")
    if not isinstance(visitor, str) or not VISITOR.fullmatch(visitor):
        return error_response(400, "visitor is needed")
    cart = (await upstream("cart").get(f"/cart/{visitor}")).json()
    if not cart["items"]:
        return error_response(409, "the cart is empty")
    quote = (await upstream("carrier").get(f"/quote?items={len(cart['items'])}")).json()
    total = cart["total_cents"] + quote["price_cents"]
    paid = await upstream("payments").call(
        "POST", "/charges", {"visitor": visitor, "amount_cents": total}
    )
    charge = paid.json()
    await upstream("cart").call("DELETE", f"/cart/{visitor}")
    return json_response(
        {
            "receipt": charge["receipt"],
            "items": cart["items"],
            "shipping_cents": quote["price_cents"],
            "days": quote["days"],
            "total_cents": total,
            "served": {"checkout": identity(), **cart["served"], **charge["served"]},
        }
    )


ROUTES = (Route("POST", "/orders", order),)

if __name__ == "__main__":
    main(*ROUTES)
