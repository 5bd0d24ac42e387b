"""What other apps may ask of telemetry."""

from functools import cache

from django.conf import settings

from telemetry.store.client import Store, StoreAddress, StoreAway, StoreError

__all__ = ["Store", "StoreAway", "StoreError", "store"]


@cache
def store() -> Store:
    """The store this Meshweb uses: MESHWEB_STORE_URL, else the embedded one. Thread-safe."""
    if settings.STORE_URL:
        return Store(StoreAddress.of_url(settings.STORE_URL))
    return Store(StoreAddress.embedded(settings.HOME, settings.STORE_PORT))
