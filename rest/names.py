"""Names as they may stand in paths and queries."""

from typing import Annotated

from ninja import Path, Query

NAME = r"^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$"
KIND = r"^[A-Z][A-Za-z0-9]{0,62}$"

PathName = Annotated[str, Path(pattern=NAME, max_length=253)]
"""A namespace or a resource's name in a path."""
PathKind = Annotated[str, Path(pattern=KIND)]
QueryName = Annotated[
    str, Query("", pattern=r"^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?)?$", max_length=253)
]
"""A namespace or a name in a query; empty: any."""
QueryKind = Annotated[str, Query("", pattern=r"^([A-Z][A-Za-z0-9]{0,62})?$")]
