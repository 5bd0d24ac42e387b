"""What visitors do: an endless supply of visits, each a sequence of requests."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from urllib.parse import urlencode

from demo.shop.products import PRODUCTS

SHARE_THAT_ADDS = 0.5
SHARE_THAT_BUYS = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One request of a visit. `route` is the name it is counted under."""

    route: str
    method: str
    path: str
    visitor: str
    form: str = ""


def visit(random: Random) -> Iterator[Step]:
    """One visitor's way through the shop, decided as it goes."""
    visitor = f"{random.getrandbits(64):016x}"
    yield Step(route="home", method="GET", path="/", visitor=visitor)
    looked_at = random.sample(PRODUCTS, random.randint(1, 3))
    for product in looked_at:
        yield Step(route="product", method="GET", path=f"/product/{product.id}", visitor=visitor)
    if random.random() >= SHARE_THAT_ADDS:
        return
    form = urlencode({"product": looked_at[-1].id})
    yield Step(route="add", method="POST", path="/cart", visitor=visitor, form=form)
    yield Step(route="cart", method="GET", path="/cart", visitor=visitor)
    if random.random() < SHARE_THAT_BUYS:
        yield Step(route="checkout", method="POST", path="/checkout", visitor=visitor)
