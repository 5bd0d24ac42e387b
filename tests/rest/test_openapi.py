"""The OpenAPI document is complete and true: schemathesis finds nothing."""

from typing import Any, cast

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import CHECKS, load_all_checks

from mesh_web.accounts.services import create_account, create_token
from mesh_web.wsgi import application
from rest.contracts import Role
from tests.routing.app.shop import MANIFESTS, ROUTE, RULE, Api

load_all_checks()
REFUSED = [400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 428, 429, "5xx"]
"""What is too large is refused, too."""

config = schemathesis.Config.from_dict(
    {"checks": {"negative_data_rejection": {"expected-statuses": REFUSED}}}
)
schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app=application, config=config)

PASSWORD = "a long enough password"
Case = schemathesis.Case[Any]

NAMES = {
    "/accounts/": "olga",
    "/services/": "payments",
    "/workloads/": "payments-v1",
    "/{kind}/": "payments",
}
"""What `{name}` is in the shop, by what the path contains."""

NOT_ASKED = (
    # a YAML text that is a string is not yet a document: no schema can say so
    "positive_data_acceptance",
    # broker and store are away here, so 503 is the true answer; `no_bug` asks for the rest
    "not_a_server_error",
)


def no_bug(
    _context: schemathesis.CheckContext, response: schemathesis.Response, _case: Case
) -> None:
    assert response.status_code in range(200, 500) or response.status_code == 503


@pytest.fixture
def word(transactional_db: None) -> str:
    """The token of an administrator of a small shop: there is something to list and to change."""
    admin = create_token(name="ci", role=Role.ADMIN)
    applied = Api(admin).apply(f"{MANIFESTS}\n---\n{RULE}\n---\n{ROUTE}")
    assert applied.status_code == 202, applied.content
    create_account(username="olga", password=PASSWORD, role=Role.OPERATOR, namespaces=("shop",))
    return admin


@schema.parametrize()
@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
def test_every_operation_does_what_its_document_says(case: Case, word: str) -> None:
    is_valid = case.meta is not None and case.meta.generation.mode.is_positive
    if is_valid and case.query.get("wait"):
        case.query["timeout"] = "50ms"  # no proxy is here that could be waited for
    check(case, word)
    if is_valid and in_the_shop(case):
        check(case, word)


def check(case: Case, word: str) -> None:
    case.call_and_validate(
        headers={"Authorization": f"Bearer {word}"},
        additional_checks=[no_bug],
        excluded_checks=cast("Any", CHECKS.get_by_names(NOT_ASKED)),
    )


def in_the_shop(case: Case) -> bool:
    """Point the case at something that is there: names made up at random never are."""
    path = case.operation.path
    names = {
        "namespace": "shop",
        "name": next((name for part, name in NAMES.items() if part in path), None),
        "kind": "VirtualService",
        "number": 1,
        "before": 0,
        "after": 1,
    }
    for key in case.path_parameters:
        if (known := names.get(key)) is None:
            return False
        case.path_parameters[key] = known
    return bool(case.path_parameters)
