"""The carrier: a company outside the mesh that quotes for shipping. It knows nothing of us.

`python -m demo.shop.carrier 8090` serves on that port of the loopback.
"""

import sys

from demo.shop.messages import Request, Response, error_response, json_response
from demo.shop.server import Route, main

BASE_CENTS, PER_ITEM_CENTS = 490, 110


async def quote(request: Request) -> Response:
    items = request.query.get("items", "1")
    if not items.isdigit() or not 1 <= int(items) <= 1000:
        return error_response(400, "items is a number from 1 to 1000")
    price = BASE_CENTS + PER_ITEM_CENTS * int(items)
    return json_response({"carrier": "Tern Post", "price_cents": price, "days": 3})


ROUTES = (Route("GET", "/quote", quote),)

if __name__ == "__main__":
    main(*ROUTES, port=int(sys.argv[1]) if len(sys.argv) > 1 else None)
