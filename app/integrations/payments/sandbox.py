"""Our sandbox's payment provider: refunds, charges and payouts by key, a ledger that can be asked."""

from datetime import datetime
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ValidationError

from app.integrations.errors import OutcomeUnknown, Refused
from app.integrations.http import Http, segment
from app.integrations.payments.contract import (
    ChargeCommand,
    LedgerRefund,
    PaymentLedger,
    PayoutCommand,
    RefundCommand,
)
from app.integrations.receipts import Receipt, ReceiptStatus, surest

STATUS_WORDS: dict[str, ReceiptStatus] = {"succeeded": "succeeded", "pending": "pending", "failed": "failed"}
State = Literal["pending", "authorized", "captured", "voided"]
STATE_WORDS: dict[str, State] = {
    "pending": "pending",
    "authorized": "authorized",
    "captured": "captured",
    "voided": "voided",
}
Wire = TypeVar("Wire", bound=BaseModel)
KEY_IS_TAKEN = frozenset({"idempotency_key_reused", "idempotency_key_in_use"})
"""Not a no: under this key something did happen, or is happening."""


class _Refund(BaseModel, strict=True):
    id: str
    payment_id: str
    key: str | None = None
    amount: int
    currency: str
    status: str
    failure_code: str | None = None
    created_at: str


class _Refunds(BaseModel, strict=True):
    data: list[_Refund]


class _Movement(BaseModel, strict=True):
    """A charge or a payout."""

    id: str
    key: str | None = None
    order_id: str | None = None
    customer_id: str | None = None
    payment_method_id: str | None = None
    amount: int
    currency: str
    status: str
    failure_code: str | None = None
    created_at: str


class _Movements(BaseModel, strict=True):
    data: list[_Movement]


class _Payment(BaseModel, strict=True):
    id: str
    state: str
    currency: str
    captured: int
    refunds: list[_Refund]


class SandboxPayments:
    """The payment provider of one sandbox shop."""

    name = "sandbox"

    def __init__(self, http: Http, shop: str, timeout: float = 10.0) -> None:
        self._http, self._shop, self._timeout = http, shop, timeout

    async def payment(self, payment_id: str) -> PaymentLedger | None:
        """What the provider holds of this payment, every refund included; None where it has none."""
        try:
            answer = await self._get(f"/payments/v1/payments/{segment(payment_id)}")
        except Refused as refusal:
            if refusal.code in {"payment_not_found", "request_invalid"}:
                return None
            raise
        try:
            payment = _Payment.model_validate(answer)
            ledger = PaymentLedger(
                payment_id=payment.id,
                state=STATE_WORDS[payment.state],
                currency=payment.currency,
                captured=payment.captured,
                refunds=tuple(_ledger_refund(refund) for refund in payment.refunds),
            )
        except (ValidationError, KeyError, ValueError) as error:
            raise OutcomeUnknown("the payment that came back cannot be read") from error
        if ledger.payment_id != payment_id:
            raise OutcomeUnknown("another payment came back than was asked for")
        return ledger

    async def refund(self, command: RefundCommand) -> Receipt:
        """Same key, same refund. A receipt of another amount, currency or payment than asked is `unknown`."""
        body = {"payment_id": command.payment_id, "amount": command.amount, "currency": command.currency}
        try:
            answer = await self._http.call(
                "POST",
                "/payments/v1/refunds",
                json=body | ({"reason": command.reason} if command.reason else {}),
                headers={"X-Sandbox-Shop": self._shop, "Idempotency-Key": command.key},
                timeout=self._timeout,
            )
        except Refused as refusal:
            if refusal.code in KEY_IS_TAKEN:
                raise OutcomeUnknown(refusal.detail, evidence=refusal.evidence) from refusal
            # A provider that forgot the key may refuse the copy of a refund that it made: its ledger decides.
            made = await self.find_refund(command)
            if made is None:
                raise
            return made
        try:
            return _receipt(_Refund.model_validate(answer), command)
        except ValidationError as error:
            raise OutcomeUnknown("the refund that came back cannot be read") from error

    async def find_refund(self, command: RefundCommand) -> Receipt | None:
        """What the provider's own ledger says of this key; None where it has nothing."""
        answer = await self._get("/payments/v1/refunds", {"key": command.key})
        try:
            found = _Refunds.model_validate(answer).data
        except ValidationError as error:
            raise OutcomeUnknown("the refunds that came back cannot be read") from error
        return surest([_receipt(refund, command) for refund in found])

    async def charge(self, command: ChargeCommand) -> Receipt:
        """Same key, same charge; a receipt of another amount, currency, order or method than asked is `unknown`."""
        return await self._move("/payments/v1/charges", command)

    async def find_charge(self, command: ChargeCommand) -> Receipt | None:
        """What the provider's own ledger says of this key; None where it has nothing."""
        return await self._found("/payments/v1/charges", command)

    async def pay_out(self, command: PayoutCommand) -> Receipt:
        """Same key, same payout; a receipt of anything else than was asked is `unknown`."""
        return await self._move("/payments/v1/payouts", command)

    async def find_payout(self, command: PayoutCommand) -> Receipt | None:
        """What the provider's own ledger says of this key; None where it has nothing."""
        return await self._found("/payments/v1/payouts", command)

    async def _move(self, path: str, command: ChargeCommand | PayoutCommand) -> Receipt:
        try:
            answer = await self._http.call(
                "POST",
                path,
                json=command.model_dump(exclude={"key"}, exclude_none=True),
                headers={"X-Sandbox-Shop": self._shop, "Idempotency-Key": command.key},
                timeout=self._timeout,
            )
        except Refused as refusal:
            if refusal.code in KEY_IS_TAKEN:
                raise OutcomeUnknown(refusal.detail, evidence=refusal.evidence) from refusal
            # A provider that forgot the key may refuse the copy of what it did: its ledger decides.
            made = await self._found(path, command)
            if made is None:
                raise
            return made
        return _moved(_read(_Movement, answer), command)

    async def _found(self, path: str, command: ChargeCommand | PayoutCommand) -> Receipt | None:
        found = _read(_Movements, await self._get(path, {"key": command.key})).data
        return surest([_moved(movement, command) for movement in found])

    async def _get(self, path: str, params: dict[str, str] | None = None) -> dict[str, Any]:
        return await self._http.call(
            "GET", path, params=params, headers={"X-Sandbox-Shop": self._shop}, timeout=self._timeout
        )


def _read(model: type[Wire], answer: dict[str, Any]) -> Wire:
    try:
        return model.model_validate(answer)
    except ValidationError as error:
        raise OutcomeUnknown(f"the provider's answer is no {model.__name__.strip('_').lower()}") from error


def _moved(movement: _Movement, command: ChargeCommand | PayoutCommand) -> Receipt:
    # A payout as store credit names no method: the provider says which one it became.
    asked = command.model_dump(include={"key", "customer_id", "payment_method_id", "amount", "currency"})
    told = movement.model_dump()
    same = movement.order_id == command.order_id and all(
        told[name] == value for name, value in asked.items() if value is not None
    )
    return Receipt(
        status=STATUS_WORDS.get(movement.status, "unknown") if same else "unknown",
        external_id=movement.id,
        amount=movement.amount,
        currency=movement.currency,
        failure_code=movement.failure_code,
        evidence={
            "id": movement.id,
            "status": movement.status,
            "order_id": movement.order_id,
            "payment_method_id": movement.payment_method_id,
            "created_at": movement.created_at,
            "as_asked": same,
        },
    )


def _receipt(refund: _Refund, command: RefundCommand) -> Receipt:
    asked = (command.payment_id, command.amount, command.currency, command.key)
    same = (refund.payment_id, refund.amount, refund.currency, refund.key) == asked
    status = STATUS_WORDS.get(refund.status, "unknown") if same else "unknown"
    return Receipt(
        status=status,
        external_id=refund.id,
        amount=refund.amount,
        currency=refund.currency,
        failure_code=refund.failure_code,
        evidence={
            "id": refund.id,
            "status": refund.status,
            "payment_id": refund.payment_id,
            "created_at": refund.created_at,
            "as_asked": same,
        },
    )


def _ledger_refund(refund: _Refund) -> LedgerRefund:
    return LedgerRefund(
        external_id=refund.id,
        key=refund.key,
        amount=refund.amount,
        status=STATUS_WORDS.get(refund.status, "unknown"),
        created_at=datetime.fromisoformat(refund.created_at),
        failure_code=refund.failure_code,
    )
