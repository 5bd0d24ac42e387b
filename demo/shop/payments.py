"""Payments: charges a card and writes the receipt down. Its fault can be dialled while it runs.

The fault starts from FAULT_ERROR_PERCENT and FAULT_LATENCY_MS. `POST /fault` with
{"error_percent": 20, "latency_ms": 300} changes it in this process, `GET /fault` shows it;
`python -m demo.fault` does so for every pod of payments v2.
"""

import asyncio
import os
import random
import secrets
from dataclasses import asdict, dataclass

from demo.shop.datastore_client import Transaction
from demo.shop.messages import BadMessage, Request, Response, error_response, json_response
from demo.shop.server import Route, identity, main


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Which share of charges fails, and how much later the others answer."""

    error_percent: float = 0.0
    latency_ms: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.error_percent <= 100:
            raise BadMessage("error_percent is from 0 to 100")
        if not 0 <= self.latency_ms <= 60_000:
            raise BadMessage("latency_ms is from 0 to 60000")

    @staticmethod
    def parse(value: dict[str, object]) -> "Fault":
        """Raises BadMessage for anything but two numbers within their limits."""
        unknown = value.keys() - {"error_percent", "latency_ms"}
        if unknown:
            raise BadMessage(f"unknown: {', '.join(sorted(unknown))}")
        numbers = {}
        for name, given in value.items():
            if isinstance(given, bool) or not isinstance(given, int | float):
                raise BadMessage(f"{name} is a number")
            numbers[name] = float(given)
        return Fault(**numbers)


class Payments:
    def __init__(self, fault: Fault) -> None:
        self.fault = fault

    async def charge(self, request: Request) -> Response:
        """Body: {"visitor": ..., "amount_cents": ...}; answers with a receipt, or 500."""
        order = request.json()
        amount, visitor = order.get("amount_cents"), order.get("visitor")
        if not isinstance(amount, int) or amount <= 0 or not isinstance(visitor, str):
            return error_response(400, "visitor and a positive amount_cents are needed")
        await asyncio.sleep(self.fault.latency_ms / 1000)
        if random.random() * 100 < self.fault.error_percent:
            return error_response(500, "the card processor does not answer")
        receipt = secrets.token_hex(6)
        async with Transaction() as transaction:
            await transaction.set(f"receipt:{receipt}", str(amount))
        return json_response({"receipt": receipt, "served": {"payments": identity()}})

    async def show_fault(self, _: Request) -> Response:
        return json_response(asdict(self.fault))

    async def set_fault(self, request: Request) -> Response:
        self.fault = Fault.parse(request.json())
        return json_response(asdict(self.fault))

    def routes(self) -> tuple[Route, ...]:
        return (
            Route("POST", "/charges", self.charge),
            Route("GET", "/fault", self.show_fault),
            Route("POST", "/fault", self.set_fault),
        )


def from_environment() -> Payments:
    return Payments(
        Fault(
            error_percent=float(os.environ.get("FAULT_ERROR_PERCENT", "0")),
            latency_ms=float(os.environ.get("FAULT_LATENCY_MS", "0")),
        )
    )


if __name__ == "__main__":
    main(*from_environment().routes())
