"""Ratings: the stars that customers gave, per product."""

from demo.shop.messages import Request, Response, error_response, json_response
from demo.shop.products import BY_ID, PRODUCTS
from demo.shop.server import Route, identity, main


def stars(product_id: str) -> list[int]:
    """The given stars, 1 to 5; the same at every call."""
    seed = sum(product_id.encode())
    return [3 + (seed * (i + 3) + i) % 3 for i in range(4 + seed % 5)]


async def of_product(request: Request) -> Response:
    product_id = request.params["id"]
    if product_id not in BY_ID:
        return error_response(404, f"no product {product_id}")
    return json_response({"stars": stars(product_id), "served": {"ratings": identity()}})


async def averages(_: Request) -> Response:
    """Average stars of every product."""
    mean = {p.id: round(sum(stars(p.id)) / len(stars(p.id)), 1) for p in PRODUCTS}
    return json_response({"averages": mean, "served": {"ratings": identity()}})


ROUTES = (Route("GET", "/ratings", averages), Route("GET", "/ratings/{id}", of_product))

if __name__ == "__main__":
    main(*ROUTES)
