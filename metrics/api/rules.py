"""`rules` and `alerts`: what is evaluated here, and what fires."""

import base64
import binascii
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse

from metrics.api import encode
from metrics.api.envelope import bad_parameter, plain
from metrics.api.parameters import Parameters
from metrics.models import RuleGroup
from metrics.rules.alerts import Alert, State
from metrics.rules.model import Alerting, Rule, name_of
from metrics.services import key_of, read

_NEVER = "0001-01-01T00:00:00Z"
_TYPES = ("alert", "record")
_WORST = {State.FIRING: 2, State.PENDING: 1, State.INACTIVE: 0}


def rules(request: HttpRequest) -> HttpResponse:
    parameters = Parameters.of(request)
    kind = parameters.text("type")
    if kind and kind not in _TYPES:
        raise bad_parameter("type", f"not supported value {kind!r}")
    shown = [one for row in _rows(parameters) if (one := _group(row, parameters))["rules"]]
    limit = parameters.count("group_limit")
    begin = _position(parameters.text("group_next_token"), shown)
    page = shown[begin : begin + limit] if limit else shown[begin:]
    following = begin + len(page)
    token = _token(shown[following]) if following < len(shown) else ""
    return plain({"groups": page, **({"groupNextToken": token} if token else {})})


def alerts(_request: HttpRequest) -> HttpResponse:
    rows = RuleGroup.objects.order_by("file__name", "place")
    return plain(
        {"alerts": [_alert(one) for row in rows for state in row.state for one in _active(state)]}
    )


def _rows(parameters: Parameters) -> Iterator[RuleGroup]:
    files, groups = parameters.all("file[]"), parameters.all("rule_group[]")
    rows = RuleGroup.objects.select_related("file").order_by("file__name", "place")
    if files:
        rows = rows.filter(file__name__in=files)
    if groups:
        rows = rows.filter(name__in=groups)
    return rows.iterator()


def _group(row: RuleGroup, parameters: Parameters) -> dict[str, Any]:
    found = next(one for one in read(row.file.text, row.file.name).groups if one.name == row.name)
    states = {state["key"]: state for state in row.state}
    names, kind = parameters.all("rule_name[]"), parameters.text("type")
    shown = [
        _rule(rule, states.get(key_of(rule), {}), parameters)
        for rule in found.rules
        if (not names or name_of(rule) in names)
        and (not kind or (kind == "alert") == isinstance(rule, Alerting))
    ]
    return {
        "name": row.name,
        "file": row.file.name,
        "rules": shown,
        "interval": row.interval_ms / 1000,
        "limit": found.limit,
        "evaluationTime": row.took_seconds,
        "lastEvaluation": moment(row.evaluated_at_ms),
    }


def _rule(rule: Rule, state: dict[str, Any], parameters: Parameters) -> dict[str, Any]:
    common = {
        "name": name_of(rule),
        "query": rule.expression,
        "labels": dict(rule.labels),
        "health": state.get("health", "unknown"),
        "lastError": state.get("error", ""),
        "evaluationTime": state.get("took", 0),
        "lastEvaluation": moment(state.get("evaluated_at")),
    }
    if not isinstance(rule, Alerting):
        return {**common, "type": "recording"}
    active = _active(state)
    worst = max((one.state for one in active), key=_WORST.__getitem__, default=State.INACTIVE)
    with_alerts = parameters.text("exclude_alerts").lower() not in ("true", "1")
    return {
        **common,
        "state": worst if state else "unknown",
        "duration": rule.for_ms / 1000,
        "keepFiringFor": rule.keep_firing_for_ms / 1000,
        "annotations": dict(rule.annotations),
        **({"alerts": [_alert(one) for one in active]} if with_alerts else {}),
        "type": "alerting",
    }


def _active(state: dict[str, Any]) -> list[Alert]:
    found = (Alert.of_json(one) for one in state.get("alerts", ()))
    return [one for one in found if one.state is not State.INACTIVE]


def _alert(alert: Alert) -> dict[str, Any]:
    return {
        "labels": dict(alert.labels),
        "annotations": dict(alert.annotations),
        "state": str(alert.state),
        "activeAt": moment(alert.active_at),
        "value": encode.exponential(alert.value),
    }


def moment(milliseconds: int | None) -> str:
    if milliseconds is None:
        return _NEVER
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat().replace("+00:00", "Z")


def _token(group: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(f"{group['file']};{group['name']}".encode()).decode()


def _position(token: str, groups: list[dict[str, Any]]) -> int:
    if not token:
        return 0
    try:
        wanted = base64.urlsafe_b64decode(token).decode()
    except (binascii.Error, UnicodeDecodeError):
        wanted = ""
    for place, group in enumerate(groups):
        if f"{group['file']};{group['name']}" == wanted:
            return place
    raise bad_parameter("group_next_token", "invalid group_next_token, it matches no group")
