"""Faults to order: which call is struck, and what the caller then gets instead of an answer."""

import asyncio
import random
import sqlite3
from typing import Any, Literal, cast, get_args

from pydantic import Field, model_validator
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.sandbox.store import dumps, loads, rows
from app.sandbox.wire import Json, Problem, Strict

EffectName = Literal[
    "refund", "charge", "payout", "cancel", "change_address", "swap_items", "change_payment_method", "open_return",
    "open_exchange", "close_return", "send_exchange", "change_customer", "change_subscription", "label", "label_void",
    "mail",
]  # fmt: skip
Operation = EffectName | Literal["tracking", "order", "changed_orders", "payment", "lookup", "file", "effects", "*"]
EFFECTS: frozenset[str] = frozenset(get_args(EffectName))
KEYED = EFFECTS - {"label", "label_void"}
"""What honours idempotency keys; the carrier does not know of them."""
FaultName = Literal[
    "timeout_before_effect",
    "timeout_after_effect",
    "error_after_effect",
    "reset",
    "malformed",
    "slow",
    "refuse",
    "throttle",
    "forget_keys",
]
Variant = Literal[
    "truncated", "not_json", "empty", "duplicate_key", "nan", "wrong_amount", "wrong_currency", "wrong_id",
    "unknown_word",
]  # fmt: skip
FOREVER_MS = 3_600_000
LANDED_LATE = "landed late"
"""How the ledger tells of an effect that came after its caller had waited long enough."""


class Fault(Strict):
    """One order for trouble: it strikes `times` calls, each call with probability `rate`, or every `every`-th call.

    `seed`: which calls a rate strikes; of every n-th, how many are counted as drawn before the first.
    """

    operation: Operation
    fault: FaultName
    times: int | None = Field(default=None, ge=1, le=1_000_000)
    rate: float | None = Field(default=None, ge=0, le=1)
    every: int | None = Field(default=None, ge=1, le=1_000_000)
    seed: int = 0
    delay_ms: int | None = Field(default=None, ge=0, le=FOREVER_MS)
    retry_after: int | None = Field(default=None, ge=0, le=86_400)
    after_effect: bool = True
    variant: Variant = "truncated"
    code: str = Field(default="refused_by_fault", pattern=r"^[a-z0-9_]{1,64}$")
    status: Literal[400, 401, 403, 404, 409, 410, 422] = 422

    @model_validator(mode="after")
    def _can_be_meant(self) -> "Fault":
        if self.fault == "forget_keys" and self.operation not in KEYED | {"effects", "*"}:
            raise ValueError(f"{self.operation} has no idempotency keys to forget")
        if self.rate is not None and self.every is not None:
            raise ValueError("either a rate or every n-th call")
        return self

    def concerns(self, operation: str) -> bool:
        """Whether calls of this operation are struck, or counted where not each is."""
        if self.fault == "forget_keys" and operation not in KEYED:
            return False
        return self.operation in {operation, "*"} or (self.operation == "effects" and operation in EFFECTS)

    def strikes(self, drawn: int) -> bool:
        """Whether the call after `drawn` others is struck; the same for the same seed."""
        if self.every is not None:
            return (drawn + 1 + self.seed) % self.every == 0
        # A run must be repeatable by its seed: nothing here is secret.
        return self.rate is None or random.Random(f"{self.seed}:{drawn}").random() < self.rate  # noqa: S311

    @property
    def before_effect(self) -> bool:
        """Whether the call is stopped before anything happens."""
        return self.fault in {"timeout_before_effect", "refuse", "throttle"} or (
            self.fault == "reset" and not self.after_effect
        )

    @property
    def lands_late(self) -> bool:
        """Whether the call takes its effect only after the delay, also where its caller has hung up by then."""
        return self.fault == "slow" and not self.after_effect

    @property
    def delay(self) -> float:
        """Seconds that the call takes."""
        return (2_000 if self.delay_ms is None else self.delay_ms) / 1000


def add(db: sqlite3.Connection, shop: str, fault: Fault) -> int:
    """Order a fault; the id under which it is listed."""
    endless = fault.rate is not None or fault.every is not None
    times = fault.times if fault.times is not None or endless else 1
    cursor = db.execute(
        "INSERT INTO faults (shop, remaining, body) VALUES (?, ?, ?)", (shop, times, dumps(fault.model_dump()))
    )
    return int(cursor.lastrowid or 0)


def listed(db: sqlite3.Connection, shop: str) -> list[dict[str, Any]]:
    """Every fault ordered for a shop, with what is left of it and how often it struck."""
    return [
        {"id": row["id"], **loads(row["body"]), "remaining": row["remaining"], "struck": row["struck"]}
        for row in rows(db, "SELECT * FROM faults WHERE shop = ? ORDER BY id", shop)
    ]


def draw(db: sqlite3.Connection, shop: str, operation: str) -> Fault | None:
    """The fault that strikes this call, the oldest order first; None mostly.

    With a rate the n-th call that asks is decided by the seed and n alone, so a run can be repeated.
    """
    for row in rows(
        db, "SELECT * FROM faults WHERE shop = ? AND (remaining IS NULL OR remaining > 0) ORDER BY id", shop
    ):
        fault = Fault.model_validate(loads(row["body"]))
        if not fault.concerns(operation):
            continue
        strikes = fault.strikes(row["drawn"])
        db.execute(
            "UPDATE faults SET drawn = drawn + 1, struck = struck + ?, remaining = remaining - ? WHERE id = ?",
            (int(strikes), int(strikes), row["id"]),
        )
        if strikes:
            return fault
    return None


def strike(fault: Fault, answer: Response) -> Response:
    """What the caller gets instead of `answer`."""
    match fault.fault:
        case "timeout_before_effect" | "timeout_after_effect":
            return Late(_too_late(), FOREVER_MS if fault.delay_ms is None else fault.delay_ms)
        case "error_after_effect":
            return Problem(500, "internal_error", "Something went wrong.").response()
        case "reset":
            return Torn(answer)
        case "malformed":
            return _garbled(fault.variant, answer)
        case "slow":
            return Late(answer, fault.delay * 1000)
        case "refuse":
            return Problem(fault.status, fault.code, "The sandbox was told to refuse this.").response()
        case "throttle":
            headers = None if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
            return Problem(429, "throttled", "Too many requests.").response(headers)
        case "forget_keys":
            return answer


def _too_late() -> Response:
    return Problem(504, "gateway_timeout", "Nobody answered in time.").response()


class Late(Response):
    """Waits, then answers; ends at once when the caller hangs up."""

    def __init__(self, answer: Response, delay_ms: float) -> None:
        super().__init__(status_code=answer.status_code)
        self.answer, self.delay = answer, delay_ms / 1000

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait for the delay or for the caller to go."""
        gone = asyncio.ensure_future(hung_up(receive))
        done, _ = await asyncio.wait({gone}, timeout=self.delay)
        gone.cancel()
        if not done:
            await self.answer(scope, receive, send)


async def hung_up(receive: Receive) -> None:
    """Wait until the caller has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


class Torn(Response):
    """Half of an answer, then the connection is gone."""

    def __init__(self, answer: Response) -> None:
        super().__init__(status_code=answer.status_code)
        self.answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's own shape
        """Send half of the body that the headers announce."""
        whole = bytes(self.answer.body) or b"{}"
        await send(
            {"type": "http.response.start", "status": self.answer.status_code, "headers": self.answer.raw_headers}
        )
        await send({"type": "http.response.body", "body": whole[: len(whole) // 2], "more_body": True})
        # Returning here without the rest makes the server close the connection.


def _garbled(variant: Variant, answer: Response) -> Response:
    if not isinstance(answer, Json):
        return answer if variant not in {"truncated", "not_json", "empty"} else _plain(variant, bytes(answer.body))
    document = dict(answer.document)
    match variant:
        case "truncated" | "not_json" | "empty":
            return _plain(variant, bytes(answer.body))
        case "duplicate_key":
            return _raw(bytes(answer.body)[:-1] + b',"id":"twice","id":"again"}')
        case "nan":
            return _raw(bytes(answer.body)[:-1] + b',"amount_exact":NaN}')
        case "wrong_amount":
            return Json(_changed(document, ("amount", "captured", "cost", "difference"), _one_more))
        case "wrong_currency":
            return Json(_changed(document, ("currency", "cost"), _other_currency))
        case "wrong_id":
            return Json(_changed(document, _IDS, _other_id))
        case "unknown_word":
            return Json(_changed(document, ("status", "state"), _unknown_word))


_IDS = ("id", "payment_id", "order_id", "customer_id", "reference", "tracking_number", "key")


def _changed(document: dict[str, Any], names: tuple[str, ...], change: Any) -> dict[str, Any]:
    """The answer with these fields changed; in a list, every entry's."""
    changed = {
        name: change(value) if name in names and value is not None else value for name, value in document.items()
    }
    entries = document.get("data")
    if isinstance(entries, list):
        changed["data"] = [_changed(entry, names, change) for entry in cast("list[dict[str, Any]]", entries)]
    return changed


def _other_id(value: Any) -> Any:
    return f"{value}-other"


def _unknown_word(_: Any) -> Any:
    return "quarantined"


def _one_more(value: Any) -> Any:
    if isinstance(value, dict):
        cost = cast("dict[str, Any]", value)
        return cost | {"amount": cost["amount"] + 1}
    return value + 1


def _other_currency(value: Any) -> Any:
    if isinstance(value, dict):
        cost = cast("dict[str, Any]", value)
        return cost | {"currency": _other_currency(cost["currency"])}
    return "USD" if value != "USD" else "EUR"


def _plain(variant: Variant, whole: bytes) -> Response:
    match variant:
        case "truncated":
            return _raw(whole[: max(1, len(whole) * 2 // 3)])
        case "empty":
            return _raw(b"")
        case _:
            return Response(b"<html><body>It works!</body></html>", 200, media_type="text/html")


def _raw(body: bytes) -> Response:
    return Response(body, 200, media_type="application/json")
