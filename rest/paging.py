"""Cursor-paged lists: stable while rows come and go, no offsets."""

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from ninja import Field, Schema

T = TypeVar("T")

MOST = 1000


class Page(Schema, Generic[T]):
    """One page. `next` is the cursor of the following one, null on the last."""

    items: list[T]
    next: str | None = None


class PageQuery(Schema):
    """`?limit=&cursor=` of every list. A cursor is opaque; one of another list finds nothing odd."""

    limit: int = Field(100, ge=1, le=MOST)
    cursor: str = Field("", max_length=1024)


def page_of(items: Iterable[T], query: PageQuery, key: Callable[[T], str]) -> Page[T]:
    """The page after `query.cursor` of items that have distinct keys. Sorts them by key."""
    following = sorted((one for one in items if key(one) > query.cursor), key=key)
    shown = following[: query.limit]
    more = len(following) > len(shown)
    return Page(items=shown, next=key(shown[-1]) if more else None)
