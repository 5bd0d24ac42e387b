"""Carts: what each visitor means to buy, kept in the datastore."""

import re

from demo.shop.datastore_client import Transaction
from demo.shop.messages import Request, Response, error_response, json_response
from demo.shop.products import BY_ID
from demo.shop.server import Route, identity, main

VISITOR = re.compile(r"[a-zA-Z0-9-]{1,64}")
MAX_ITEMS = 20


def _key(visitor: str) -> str:
    return f"cart:{visitor}"


def _contents(kept: str | None) -> list[str]:
    return kept.split(",") if kept else []


def _cart(items: list[str]) -> Response:
    products = [BY_ID[item] for item in items if item in BY_ID]
    return json_response(
        {
            "items": [{"id": p.id, "name": p.name, "price_cents": p.price_cents} for p in products],
            "total_cents": sum(p.price_cents for p in products),
            "served": {"cart": identity()},
        }
    )


async def show(request: Request) -> Response:
    visitor = request.params["visitor"]
    if not VISITOR.fullmatch(visitor):
        return error_response(404, "no such visitor")
    async with Transaction() as transaction:
        return _cart(_contents(await transaction.get(_key(visitor))))


async def add(request: Request) -> Response:
    """Body: {"product": id}."""
    visitor, product = request.params["visitor"], request.json().get("product")
    if not VISITOR.fullmatch(visitor) or product not in BY_ID:
        return error_response(404, "no such visitor or product")
    async with Transaction() as transaction:
        items = [*_contents(await transaction.get(_key(visitor))), str(product)][-MAX_ITEMS:]
        await transaction.set(_key(visitor), ",".join(items))
    return _cart(items)


async def empty(request: Request) -> Response:
    visitor = request.params["visitor"]
    if not VISITOR.fullmatch(visitor):
        return error_response(404, "no such visitor")
    async with Transaction() as transaction:
        await transaction.delete(_key(visitor))
    return _cart([])


ROUTES = (
    Route("GET", "/cart/{visitor}", show),
    Route("POST", "/cart/{visitor}", add),
    Route("DELETE", "/cart/{visitor}", empty),
)

if __name__ == "__main__":
    main(*ROUTES)
