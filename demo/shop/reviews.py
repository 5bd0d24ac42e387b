"""Reviews: what customers wrote. v1 shows no stars; v2 and v3 ask ratings, and colour them."""

import os
from functools import cache

from demo.shop.client import Upstream
from demo.shop.messages import Request, Response, error_response, json_response
from demo.shop.products import BY_ID
from demo.shop.server import Route, identity, main

STAR_COLOURS = {"v2": "ink", "v3": "ember"}
"""The versions that show stars, and in which colour."""

WRITTEN = (
    ("Ines", "Better in the hand than in the picture."),
    ("Tomas", "Bought one, then three more as presents."),
    ("Marit", "Sturdy, and it has not left the kitchen table since."),
    ("Joao", "Took a week to arrive and was worth it."),
)


@cache
def ratings() -> Upstream:
    return Upstream.from_environment("ratings")


def star_colour() -> str | None:
    return STAR_COLOURS.get(os.environ.get("VERSION", "v1"))


async def of_product(request: Request) -> Response:
    """The reviews of one product, with stars where this version shows them."""
    product_id = request.params["id"]
    if product_id not in BY_ID:
        return error_response(404, f"no product {product_id}")
    first = sum(product_id.encode()) % len(WRITTEN)
    chosen = (WRITTEN[first], WRITTEN[(first + 1) % len(WRITTEN)])
    stars: list[int | None] = [None, None]
    served = {"reviews": identity()}
    if star_colour():
        answer = (await ratings().get(f"/ratings/{product_id}")).json()
        stars = list(answer["stars"][:2])
        served |= answer["served"]
    return json_response(
        {
            "reviews": [
                {"author": author, "text": text, "stars": given}
                for (author, text), given in zip(chosen, stars, strict=True)
            ],
            "star_colour": star_colour(),
            "served": served,
        }
    )


async def summary(_: Request) -> Response:
    """Average stars of every product, for lists; empty where this version shows no stars."""
    averages: dict[str, float] = {}
    served = {"reviews": identity()}
    if star_colour():
        answer = (await ratings().get("/ratings")).json()
        averages = answer["averages"]
        served |= answer["served"]
    return json_response({"averages": averages, "star_colour": star_colour(), "served": served})


ROUTES = (Route("GET", "/reviews", summary), Route("GET", "/reviews/{id}", of_product))

if __name__ == "__main__":
    main(*ROUTES)
