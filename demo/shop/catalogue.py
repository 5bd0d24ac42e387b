"""The catalogue: products with their prices, and the reviews that belong to them."""

from dataclasses import asdict
from functools import cache

from demo.shop.client import Upstream
from demo.shop.messages import Request, Response, error_response, json_response
from demo.shop.products import BY_ID, PRODUCTS
from demo.shop.server import Route, identity, main


@cache
def reviews() -> Upstream:
    return Upstream.from_environment("reviews")


async def every_product(_: Request) -> Response:
    answer = (await reviews().get("/reviews")).json()
    return json_response(
        {
            "products": [{**asdict(p), "stars": answer["averages"].get(p.id)} for p in PRODUCTS],
            "star_colour": answer["star_colour"],
            "served": {"catalogue": identity(), **answer["served"]},
        }
    )


async def one_product(request: Request) -> Response:
    product = BY_ID.get(request.params["id"])
    if product is None:
        return error_response(404, f"no product {request.params['id']}")
    answer = (await reviews().get(f"/reviews/{product.id}")).json()
    return json_response(
        {
            "product": asdict(product),
            "reviews": answer["reviews"],
            "star_colour": answer["star_colour"],
            "served": {"catalogue": identity(), **answer["served"]},
        }
    )


ROUTES = (
    Route("GET", "/products", every_product),
    Route("GET", "/products/{id}", one_product),
)

if __name__ == "__main__":
    main(*ROUTES)
