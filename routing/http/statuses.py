"""The status of a resource: its revision, and for the Gateway API's kinds what Kubernetes shows."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Literal

from ninja import Field, Schema

from routing.compile.gateway_status import (
    Condition,
    GatewayStatus,
    ListenerStatus,
    ParentStatus,
    RouteStatus,
    Status,
)
from routing.contracts import RevisionState
from routing.model.gateway_api import CONTROLLER, GROUP, Reference
from routing.moments import iso


class StatusOut(Schema):
    """The revision that wrote this version, and how far it got."""

    revision: int
    state: RevisionState


class ConditionOut(Schema):
    """`lastTransitionTime` is when the version that it speaks of was written."""

    type: str
    status: Literal["True", "False"]
    reason: str
    message: str
    observedGeneration: int  # noqa: N815  Kubernetes' name
    lastTransitionTime: str  # noqa: N815  Kubernetes' name


class ParentRefOut(Schema):
    """The parent as the route names it, its defaults filled in."""

    group: str
    kind: str
    namespace: str
    name: str
    sectionName: str | None  # noqa: N815  Kubernetes' name
    port: int | None


class ParentStatusOut(Schema):
    parentRef: ParentRefOut  # noqa: N815  Kubernetes' name
    controllerName: str  # noqa: N815  Kubernetes' name
    conditions: list[ConditionOut]


class RouteStatusOut(StatusOut):
    """A route's, by parent."""

    parents: list[ParentStatusOut]


class RouteKindOut(Schema):
    group: str
    kind: str


class ListenerStatusOut(Schema):
    name: str
    supportedKinds: list[RouteKindOut]  # noqa: N815  Kubernetes' name
    attachedRoutes: int  # noqa: N815  Kubernetes' name
    conditions: list[ConditionOut]


class AddressOut(Schema):
    type: Literal["IPAddress"]
    value: str


class GatewayStatusOut(StatusOut):
    addresses: list[AddressOut]
    conditions: list[ConditionOut]
    listeners: list[ListenerStatusOut]


class ClassStatusOut(StatusOut):
    conditions: list[ConditionOut]


AnyStatusOut = Annotated[
    GatewayStatusOut | RouteStatusOut | ClassStatusOut | StatusOut,
    Field(union_mode="left_to_right"),
]


def status_out(
    own: StatusOut, status: Status | None, generation: int, written_at: datetime
) -> AnyStatusOut:
    """`own` with what became of the resource."""

    def conditions(given: Iterable[Condition]) -> list[ConditionOut]:
        return [condition_out(one, generation, iso(written_at.timestamp())) for one in given]

    def parent(given: ParentStatus) -> ParentStatusOut:
        return ParentStatusOut(
            parentRef=parent_out(given.parent),
            controllerName=CONTROLLER,
            conditions=conditions(given.conditions),
        )

    def listener(given: ListenerStatus) -> ListenerStatusOut:
        return ListenerStatusOut(
            name=given.name,
            supportedKinds=[RouteKindOut(group=GROUP, kind=kind) for kind in given.kinds],
            attachedRoutes=given.attached,
            conditions=conditions(given.conditions),
        )

    match status:
        case None:
            return own
        case RouteStatus():
            return RouteStatusOut(
                revision=own.revision,
                state=own.state,
                parents=[parent(one) for one in status.parents],
            )
        case GatewayStatus():
            return GatewayStatusOut(
                revision=own.revision,
                state=own.state,
                addresses=[AddressOut(type="IPAddress", value=one) for one in status.addresses],
                conditions=conditions(status.conditions),
                listeners=[listener(one) for one in status.listeners],
            )
        case _:
            return ClassStatusOut(
                revision=own.revision, state=own.state, conditions=conditions(status.conditions)
            )


def condition_out(given: Condition, generation: int, moment: str) -> ConditionOut:
    return ConditionOut(
        type=given.type,
        status="True" if given.status else "False",
        reason=given.reason,
        message=given.message,
        observedGeneration=generation,
        lastTransitionTime=moment,
    )


def parent_out(given: Reference) -> ParentRefOut:
    return ParentRefOut(
        group=given.group,
        kind=given.kind,
        namespace=given.namespace,
        name=given.name,
        sectionName=given.section or None,
        port=given.port,
    )
