"""What became of the Gateway API's objects in force, as the conversion for the proxies sees it."""

from collections.abc import Mapping
from functools import lru_cache

from routing.compile.gateway_status import Status
from routing.compile.inputs import gathered, with_gateway_api
from routing.compile.memo import Memo
from routing.contracts import ResourceKey
from routing.model.gateway_api import GROUP
from routing.selectors import documents_in_force
from routing.services.platform import registry
from routing.services.secrets import is_tls_secret


@lru_cache(maxsize=2)
def conditions_by_resource(number: int, generation: str) -> Mapping[ResourceKey, Status]:
    """Both arguments together say which configuration it is, as for findings."""
    del number, generation
    every = documents_in_force().values()
    documents = [one for one in every if one.api_version.startswith(f"{GROUP}/")]
    if not documents:
        return {}
    certificates = frozenset((d.key.namespace, d.key.name) for d in every if is_tls_secret(d))
    memo = Memo()
    resources = with_gateway_api(memo, gathered(memo, documents), registry(), certificates)
    return dict(resources.statuses)
