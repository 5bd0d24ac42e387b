"""The shop's pages: HTML out of plain data, nothing fetched from elsewhere."""

from collections.abc import Mapping
from html import escape
from typing import Any

from demo.shop.products import BY_ID, PRODUCTS, Product

STYLE = """
:root { --ink:#23211d; --paper:#faf7f1; --card:#fff; --line:#e7e0d3; --quiet:#7a7264;
  --ember:#c8502b; --moss:#3f5d4c }
* { box-sizing:border-box }
body { margin:0; background:var(--paper); color:var(--ink);
  font:16px/1.55 Georgia,"Iowan Old Style","Times New Roman",serif }
a { color:inherit; text-decoration:none }
header, main, footer { max-width:1060px; margin:0 auto; padding:0 24px }
header { display:flex; align-items:baseline; gap:28px; padding-top:28px; padding-bottom:20px;
  border-bottom:1px solid var(--line) }
.mark { font-size:26px; letter-spacing:.02em }
.mark i { color:var(--ember); font-style:normal }
header nav { margin-left:auto; font:14px/1 system-ui,sans-serif; color:var(--quiet) }
header nav b { color:var(--card); background:var(--moss); border-radius:99px; padding:2px 8px;
  font-weight:600; margin-left:6px }
.lead { font-size:38px; line-height:1.15; margin:52px 0 8px; max-width:16em; font-weight:400 }
.sub { color:var(--quiet); margin:0 0 36px }
.grid { display:grid; grid-template-columns:repeat(auto-fill,minmax(220px,1fr)); gap:24px }
.card { background:var(--card); border:1px solid var(--line); border-radius:14px; overflow:hidden;
  transition:transform .15s, box-shadow .15s }
.card:hover { transform:translateY(-3px); box-shadow:0 14px 30px -18px #0006 }
.card div { padding:14px 18px 18px }
.card h3 { margin:0; font-size:18px; font-weight:400 }
.card p { margin:2px 0 10px; color:var(--quiet); font-size:14px }
.price { font:600 15px/1 system-ui,sans-serif }
.stars { letter-spacing:.12em; font-size:14px; float:right }
.stars.ember { color:var(--ember) } .stars.ink { color:var(--ink) }
.art { display:block; width:100%; height:auto }
.two { display:grid; grid-template-columns:minmax(0,5fr) minmax(0,6fr); gap:48px; margin-top:44px }
.two .art { border-radius:18px }
@media (max-width:720px) { .two { grid-template-columns:1fr; gap:20px } .lead { font-size:30px } }
h1 { font-weight:400; font-size:36px; margin:0 } h2 { font-weight:400; margin:56px 0 18px }
button { font:600 15px/1 system-ui,sans-serif; border:0; border-radius:99px; padding:14px 24px;
  background:var(--moss); color:#fff; cursor:pointer }
button:hover { background:#31493c }
blockquote { margin:18px 0; padding:0 0 0 18px; border-left:2px solid var(--line) }
blockquote footer { padding:0; margin:0; color:var(--quiet); font-size:14px; border:0 }
table { width:100%; border-collapse:collapse; margin:26px 0 }
td { padding:13px 0; border-bottom:1px solid var(--line) } td:last-child { text-align:right }
tr.total td { font-weight:700; border:0 }
body > footer { margin-top:64px; padding-top:18px; padding-bottom:40px; color:var(--quiet);
  border-top:1px solid var(--line); font:12.5px/1.9 ui-monospace,Menlo,Consolas,monospace }
body > footer span { background:#efe9dd; border-radius:6px; padding:2px 8px; margin-right:4px;
  display:inline-block; line-height:1.5 }
"""

Page = Mapping[str, Any]


def money(cents: int) -> str:
    return f"€{cents // 100}.{cents % 100:02d}"


def art(product: Product) -> str:
    """A picture of sorts: the product's initial between two hills, in its hue."""
    hue = product.hue
    return (
        f'<svg class="art" viewBox="0 0 320 220" role="img" aria-label="{escape(product.name)}">'
        f'<rect width="320" height="220" fill="hsl({hue} 42% 88%)"/>'
        f'<circle cx="236" cy="66" r="30" fill="hsl({hue} 70% 72%)"/>'
        f'<path d="M0 160Q80 96 170 150T320 132V220H0Z" fill="hsl({hue} 30% 66%)"/>'
        f'<path d="M0 190Q110 140 200 186T320 176V220H0Z" fill="hsl({hue} 32% 44%)"/>'
        f'<text x="34" y="112" font-family="Georgia,serif" font-size="84" '
        f'fill="hsl({hue} 38% 30%)">{escape(product.name[0])}</text></svg>'
    )


def stars(given: float | None, colour: str | None) -> str:
    if given is None or colour is None:
        return ""
    full = round(given)
    return (
        f'<span class="stars {escape(colour)}" title="{given} of 5">'
        f"{'★' * full}{'☆' * (5 - full)}</span>"
    )


def _served(view: Page) -> str:
    """Which versions made this page: a canary can be seen from outside."""
    names = (
        f"<span>{escape(name)} {escape(by['version'])}</span>"
        for name, by in view["served"].items()
    )
    return f"<footer>served by {' '.join(names)}</footer>"


def _document(title: str, body: str, view: Page) -> str:
    count = view.get("cart_items")
    badge = "" if not count else f"<b>{count}</b>"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)} · Harbour &amp; Pine</title><style>{STYLE}</style></head><body>"
        '<header><a class="mark" href="/">Harbour <i>&amp;</i> Pine</a>'
        f'<nav><a href="/cart">Your cart{badge}</a></nav></header>'
        f"<main>{body}</main>{_served(view)}</body></html>"
    )


def _card(product: Product, given: float | None, colour: str | None) -> str:
    return (
        f'<a class="card" href="/product/{product.id}">{art(product)}<div>'
        f"<h3>{escape(product.name)}</h3><p>{escape(product.line)}</p>"
        f'{stars(given, colour)}<span class="price">{money(product.price_cents)}</span></div></a>'
    )


def _suggestions(view: Page) -> str:
    cards = "".join(_card(BY_ID[i], None, None) for i in view["suggested"] if i in BY_ID)
    return f'<h2>You may also like</h2><div class="grid">{cards}</div>'


def home(view: Page) -> str:
    average = {p["id"]: p["stars"] for p in view["products"]}
    cards = "".join(_card(p, average.get(p.id), view["star_colour"]) for p in PRODUCTS)
    return _document(
        "Goods for slow mornings",
        '<p class="lead">Goods for slow mornings</p>'
        '<p class="sub">Eight things, made well, sent by sea post.</p>'
        f'<div class="grid">{cards}</div>{_suggestions(view)}',
        view,
    )


def product(view: Page) -> str:
    shown = BY_ID[view["product"]["id"]]
    reviews = "".join(
        f"<blockquote>{escape(r['text'])}<footer>{escape(r['author'])} "
        f"{stars(r['stars'], view['star_colour'])}</footer></blockquote>"
        for r in view["reviews"]
    )
    return _document(
        shown.name,
        f'<div class="two">{art(shown)}<section><h1>{escape(shown.name)}</h1>'
        f'<p class="sub">{escape(shown.line)}</p>'
        f'<p class="price">{money(shown.price_cents)}</p>'
        f'<form method="post" action="/cart"><input type="hidden" name="product" '
        f'value="{shown.id}"><button>Add to cart</button></form>{reviews}</section></div>'
        f"{_suggestions(view)}",
        view,
    )


def _rows(items: list[dict[str, Any]]) -> str:
    return "".join(
        f"<tr><td>{escape(i['name'])}</td><td>{money(i['price_cents'])}</td></tr>" for i in items
    )


def cart(view: Page) -> str:
    if not view["items"]:
        return _document(
            "Your cart",
            '<p class="lead">Your cart is empty</p>'
            '<p class="sub"><a href="/">Have a look around.</a></p>',
            view,
        )
    return _document(
        "Your cart",
        f'<p class="lead">Your cart</p><table>{_rows(view["items"])}'
        f'<tr class="total"><td>Total</td><td>{money(view["total_cents"])}</td></tr></table>'
        '<form method="post" action="/checkout"><button>Check out</button></form>',
        view,
    )


def receipt(view: Page) -> str:
    return _document(
        "Thank you",
        f'<p class="lead">Thank you. It leaves today.</p>'
        f'<p class="sub">Receipt {escape(view["receipt"])}, with you in {view["days"]} days.</p>'
        f"<table>{_rows(view['items'])}"
        f"<tr><td>Shipping</td><td>{money(view['shipping_cents'])}</td></tr>"
        f'<tr class="total"><td>Total</td><td>{money(view["total_cents"])}</td></tr></table>',
        view,
    )
