"""The web's side of questions about running Envoys."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from proxy.envoys import questions
from proxy.fleet.dump import asked
from proxy.identity import envoys
from rest.contracts import Refusal


@dataclass(frozen=True, slots=True)
class Told:
    """What an Envoy answered, by way of its agent."""

    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class NotTold:
    """Why there is no answer. `refused`: because of the question; else because nobody is there."""

    reason: str
    refused: bool = False


NOBODY = NotTold("no control process has a line to the agent of this proxy now")


def envoy_says(proxy_id: str, ask: str, **more: Any) -> Told | NotTold:
    """What a running Envoy answers to one of its agent's questions (`proxy.agent.admin`)."""
    from redis.exceptions import RedisError  # noqa: PLC0415

    question = {"proxy": proxy_id, "ask": ask, **more}
    patience = questions.PATIENCE_SECONDS + 1
    try:
        answers = asked(questions.CHANNEL, question, patience)
        answer = next((one for one in answers if one != questions.NOT_HERE), None)
    except RedisError:
        return NotTold("the broker is away")
    return NOBODY if answer is None else _read(answer)


def _read(answer: bytes) -> Told | NotTold:
    told = json.loads(answer)
    if told["status"] == envoys.ANSWERED:
        try:
            return Told(envoys.unpack(told["content"]))
        except ValueError as error:
            return NotTold(str(error))
    return NotTold(str(told.get("error", "")), refused=told["status"] == envoys.REFUSED)


def must_tell(told: Told | NotTold) -> Told:
    """The answer; 422 where the question was refused, 503 where nobody answered."""
    if isinstance(told, NotTold):
        reason = f"{told.reason[:1].upper()}{told.reason[1:]}."
        if told.refused:
            raise Refusal(422, "refused", reason)
        raise Refusal(503, "agent_away", reason)
    return told
