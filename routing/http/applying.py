"""POST /apply: the one call that takes anything."""

from django.http import HttpRequest
from ninja import Query, Router

from rest.access import principal, require_some_write, require_write
from routing.contracts import ResourceKey
from routing.http.answers import RESPONSES, Answer, WriteQuery, answer
from routing.http.bodies import described, text_of
from routing.services import apply
from routing.services.ledger import Signature
from routing.services.outcome import Refused

router = Router()

EXAMPLE = """\
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: STRICT}}
"""


@router.post("/apply", response=RESPONSES, openapi_extra=described(EXAMPLE))
def apply_documents(request: HttpRequest, query: Query[WriteQuery]) -> Answer:
    """Merge one or many YAML documents into what is in force, as one revision."""
    require_some_write(request)
    documents = apply.read(text_of(request))
    if isinstance(documents, Refused):
        return answer(documents, query)
    for document in documents:
        require_write(request, scope_of(document.key))
    return answer(apply.change({one.key: one for one in documents}, terms(request, query)), query)


def terms(request: HttpRequest, query: WriteQuery, message: str = "") -> apply.Terms:
    """The caller's name and words; `message` where the caller gave none."""
    return apply.Terms(
        signature=Signature(author=principal(request).name, message=query.message or message),
        dry_run=query.dry_run,
        expires=query.expires,
        may_deploy=may_deploy(request),
        force=query.force,
    )


def may_deploy(request: HttpRequest) -> bool:
    """Whoever deploys runs commands as the owner, so it takes a caller bound to no namespace."""
    return principal(request).may_write("")


def scope_of(key: ResourceKey) -> str:
    """The namespace one must be allowed to change; "" for what concerns the whole mesh."""
    return key.namespace
