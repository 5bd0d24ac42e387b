"""Shares as Envoy counts them."""

from proxy.xds.fields import Fields

_MILLION = 1_000_000


def percent(share: float) -> Fields:
    """A `FractionalPercent` of a share from 0 to 100, exact to a ten thousandth of a percent."""
    return {"numerator": min(_MILLION, round(share * 10_000)), "denominator": "MILLION"}
