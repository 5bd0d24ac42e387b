"""What the shop sells."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """`hue` (0 to 359) colours the product's picture."""

    id: str
    name: str
    line: str
    price_cents: int
    hue: int


PRODUCTS: tuple[Product, ...] = (
    Product(id="kettle", name="Copper kettle", line="Sings at the boil", price_cents=8900, hue=18),
    Product(
        id="lamp", name="Harbour lamp", line="Opal glass, warm light", price_cents=12900, hue=44
    ),
    Product(
        id="blanket",
        name="Wool blanket",
        line="Woven from one flock's wool",
        price_cents=14500,
        hue=340,
    ),
    Product(id="knife", name="Orchard knife", line="Pear wood and steel", price_cents=5400, hue=96),
    Product(
        id="teapot", name="Stoneware teapot", line="For four, or for one", price_cents=6200, hue=168
    ),
    Product(
        id="basket", name="Willow basket", line="Carries more each year", price_cents=4800, hue=70
    ),
    Product(
        id="notebook", name="Field notebook", line="Lies flat, takes ink", price_cents=1900, hue=210
    ),
    Product(id="clock", name="Quiet clock", line="Sweeps, never ticks", price_cents=9900, hue=262),
)

BY_ID = {product.id: product for product in PRODUCTS}
