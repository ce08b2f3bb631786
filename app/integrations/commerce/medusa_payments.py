"""Medusa's payments: refunds, and a payment's ledger of captures and refunds.

- **No idempotency**: `Idempotency-Key` is passed over. Our key stands in the refund's `note`, and the payment's
  refunds are read before anything is sent, and after everything that was not a clear yes.
- **An error after the effect**: while an order change (a return's draft, an edit) is open, a refund is answered with
  400 and made all the same. What a payment's refunds say counts, no status and no sum of the order.
- **A refund stands before it is made**: Medusa writes it down, asks its payment provider, and deletes it where that
  says no. One whose answer was lost is `pending` until it has stood for `SETTLES` seconds; one that does not stand may
  still arrive for `ARRIVES` seconds, and nothing is sent again before.
- **Canceling gives the money back** by itself, under no key: once an order was canceled by us, what Medusa gave back
  then is the refund that waited for it.
- An amount that is missing is the whole payment, and 0.001 is one; so none is sent that the currency does not have.

It takes no payments and pays out to nobody but the payer: `charge` and `pay_out` are `unsupported`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal
from typing import Literal, NoReturn

from app.integrations.commerce.medusa_shown import PAYMENT_FIELDS, ShownPayment, ShownRefund, Words
from app.integrations.commerce.medusa_wire import (
    ID,
    MARK,
    Shop,
    Shown,
    about,
    afterwards,
    currency_of,
    major,
    moment,
    note,
    noted,
    read,
    rounded,
)
from app.integrations.errors import NotExecuted, OutcomeUnknown, Refused
from app.integrations.payments.contract import (
    ChargeCommand,
    LedgerRefund,
    PaymentLedger,
    PayoutCommand,
    RefundCommand,
)
from app.integrations.receipts import Receipt, ReceiptStatus, surest

SETTLES, ARRIVES = 10.0, 60.0
CANCEL = "cancel"
"""What our note in an order's metadata says where it was canceled by us."""
FIELDS = ",".join([
    *PAYMENT_FIELDS,
    *(f"payment_collection.order.{name}" for name in ("id", "status", "metadata")),
])  # fmt: skip


class _Order(Shown):
    id: str
    status: str
    metadata: Words | None = None

    @property
    def canceled_by_us(self) -> bool:
        """Whether we had it canceled."""
        marks = (said for name, said in (self.metadata or {}).items() if name.startswith(MARK))
        return self.status == "canceled" and CANCEL in marks


class _Collection(Shown):
    order: _Order | None = None


class _Held(ShownPayment):
    payment_collection: _Collection | None = None

    @property
    def left(self) -> Decimal:
        """What has not gone back, in major units."""
        return self.captured - self.refunded

    @property
    def order(self) -> _Order | None:
        """The order that it paid for."""
        return self.payment_collection.order if self.payment_collection else None


class MedusaPayments:
    """The payments of one shop's orders."""

    name = "medusa"

    def __init__(self, shop: Shop, *, now: Callable[[], float] = time.monotonic) -> None:
        self._shop, self._now = shop, now
        self._lost: dict[str, float] = {}
        """When the answer to a refund was lost, by its key."""

    async def payment(self, payment_id: str) -> PaymentLedger | None:
        """What Medusa holds of this payment, every refund included; None where it has none.

        What cannot be told in whole minor units counts against us: captures are rounded down and refunds up.
        """
        held = await self._held(payment_id)
        if held is None:
            return None
        currency = currency_of(held.currency_code)
        taken: Literal["captured", "voided", "authorized"] = "captured" if held.captures else "authorized"
        return PaymentLedger(
            payment_id=held.id,
            state="voided" if held.canceled_at and not held.captures else taken,
            currency=currency,
            captured=rounded(held.captured, currency, "down"),
            refunds=tuple(_ledger_refund(refund, currency) for refund in held.refunds),
        )

    async def refund(self, command: RefundCommand) -> Receipt:
        """Same key, same refund: the payment is read first. A receipt of another amount than asked is `unknown`."""
        held = await self._held(command.payment_id)
        if held is None:
            raise Refused("payment_not_found", "Medusa has no such payment.")
        if (made := self._found(held, command)) is not None:
            return made
        if currency_of(held.currency_code) != command.currency:
            raise Refused("currency_mismatch", f"The payment was made in {held.currency_code.upper()}.")
        amount = major(command.amount, command.currency)
        if amount > held.left:
            raise Refused("refund_exceeds_captured", "There is not as much left of the payment.")
        return await self._send(command, amount)

    async def _send(self, command: RefundCommand, amount: Decimal) -> Receipt:
        body = {"amount": amount, "note": note(command.key, command.reason)}
        try:
            await self._shop.post(f"/admin/payments/{command.payment_id}/refund", body)
        except NotExecuted:
            raise
        except Refused as refusal:  # which may have come after the money has gone
            made = await afterwards(self.find_refund(command))
            if made is None:
                raise _refused(refusal) from refusal
            return made
        except OutcomeUnknown:
            self._lost[command.key] = self._now()
            raise
        self._lost.pop(command.key, None)
        made = await afterwards(self.find_refund(command))
        return made or Receipt(status="unknown", evidence={"payment_id": command.payment_id, "status": "not seen"})

    async def find_refund(self, command: RefundCommand) -> Receipt | None:
        """What the payment's own refunds say of this key; None where they have nothing."""
        held = await self._held(command.payment_id)
        made = None if held is None else self._found(held, command)
        if made is None and self._age(command.key) < ARRIVES:
            raise OutcomeUnknown("Medusa does not show a refund yet; one may have been sent a moment ago")
        return made

    async def charge(self, command: ChargeCommand) -> Receipt:
        """Refused("unsupported"): a shop's checkout takes payments, and nothing here does."""
        del command
        _unsupported("A payment cannot be taken by this connection.")

    async def find_charge(self, command: ChargeCommand) -> Receipt | None:
        """None: nothing is ever sent."""
        del command
        return None

    async def pay_out(self, command: PayoutCommand) -> Receipt:
        """Refused("unsupported"): Medusa keeps no gift cards and no store credit by itself."""
        del command
        _unsupported("Money goes back to the payment that it came from, and to no other method.")

    async def find_payout(self, command: PayoutCommand) -> Receipt | None:
        """None: nothing is ever sent."""
        del command
        return None

    # ---- what is held ---------------------------------------------------------------------------------------------

    async def _held(self, payment_id: str) -> _Held | None:
        if not ID.fullmatch(payment_id):
            return None
        said = await self._shop.find(f"/admin/payments/{payment_id}", {"fields": FIELDS})
        if said is None or said.get("payment") is None:  # with `fields` given, Medusa tells it without a 404
            return None
        held = read(_Held, said["payment"])
        if held.id != payment_id:
            raise OutcomeUnknown("another payment came back than was asked for")
        return held

    def _age(self, key: str) -> float:
        """Seconds since the answer to this key was lost; endless where none was."""
        now = self._now()
        self._lost = {lost: at for lost, at in self._lost.items() if now - at < ARRIVES}
        return now - self._lost[key] if key in self._lost else float("inf")

    def _found(self, held: _Held, command: RefundCommand) -> Receipt | None:
        ours = [one for one in held.refunds if noted(one.note) == command.key]
        stands: ReceiptStatus = "pending" if self._age(command.key) < SETTLES else "succeeded"
        if ours:
            return surest([_receipt(one, held, command, stands) for one in ours])
        given = _with_cancellation(held, command)
        if given is None:
            return None
        evidence = {"id": given.id, "created_at": given.created_at, "given_back_by": "cancellation"}
        return Receipt(
            status="succeeded",
            external_id=given.id,
            amount=command.amount,
            currency=command.currency,
            evidence=evidence,
        )


def _with_cancellation(held: _Held, command: RefundCommand) -> ShownRefund | None:
    """What Medusa gave back by itself when we had the order canceled; None where it did not, or gave back less."""
    if held.order is None or not held.order.canceled_by_us or held.left > 0:
        return None
    currency = currency_of(held.currency_code)
    nobodys = [one for one in held.refunds if noted(one.note) is None]
    enough = [one for one in nobodys if rounded(one.amount, currency, "up") >= command.amount]
    return min(enough, key=lambda one: one.amount) if enough and currency == command.currency else None


def _receipt(refund: ShownRefund, held: _Held, command: RefundCommand, stands: ReceiptStatus) -> Receipt:
    currency = currency_of(held.currency_code)
    same = currency == command.currency and refund.amount == major(command.amount, command.currency)
    return Receipt(
        status=stands if same else "unknown",
        external_id=refund.id,
        amount=rounded(refund.amount, currency, "up"),
        currency=currency,
        evidence={"id": refund.id, "created_at": refund.created_at, "as_asked": same},
    )


def _ledger_refund(refund: ShownRefund, currency: str) -> LedgerRefund:
    return LedgerRefund(
        external_id=refund.id,
        key=noted(refund.note),
        amount=rounded(refund.amount, currency, "up"),
        status="succeeded",
        created_at=moment(refund.created_at),
    )


def _refused(refusal: Refused) -> Refused:
    """Medusa's no in our words."""
    code = {"not_found": "payment_not_found", "provider_unauthorized": refusal.code}.get(refusal.code)
    if code is None:
        code = "refund_exceeds_captured" if about(refusal) == "exceeds" else "provider_refused"
    return Refused(code, "Medusa refused the refund.", evidence=refusal.evidence)


def _unsupported(detail: str) -> NoReturn:
    raise Refused("unsupported", detail)
