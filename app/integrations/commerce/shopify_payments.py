"""Shopify's payments: refunds by key, the ledger of an order's transactions, store credit.

- **A refund** is `refundCreate` with `@idempotent(key:)`, of one payment, never `allowOverRefunding`, in the currency
  that the shopper paid in. How long Shopify keeps a key is not documented, so that the key also stands in the refund's
  note, and the order's refunds are read before a second try.
- A refund's transaction may be `PENDING` for days and fail then: it is looked up again.

It takes no payments: `charge` is `unsupported`, and so is a payout to a gift card.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, NoReturn

from app import clock
from app.integrations.commerce import shopify_effect_documents as documents
from app.integrations.commerce.shopify_credit import StoreCredit
from app.integrations.commerce.shopify_ledger import Held, RefundOf, Transaction, ledgers
from app.integrations.commerce.shopify_wire import (
    Bag,
    Shop,
    Shown,
    decimal,
    gid,
    note,
    noted,
    number,
    read,
)
from app.integrations.errors import OutcomeUnknown, Refused
from app.integrations.payments.contract import (
    ChargeCommand,
    LedgerRefund,
    PaymentLedger,
    PayoutCommand,
    RefundCommand,
)
from app.integrations.receipts import Receipt, surest

TRANSACTIONS, REFUNDS = 80, 40
"""Of one order, at which its ledger counts as unreadable: so many are asked for."""
REFUND_REFUSALS = {
    "exceed": "refund_exceeds_captured",
    "greater than": "refund_exceeds_captured",
    "more than": "refund_exceeds_captured",
    "cannot refund": "refund_exceeds_captured",
    "currency": "currency_mismatch",
    "not found": "payment_not_found",
    "does not exist": "payment_not_found",
}


class _Order(Shown):
    id: str
    transactions: list[Transaction]
    refunds: list[RefundOf]


class _Payment(Shown):
    id: str
    order: _Order | None = None


class _Moved(Shown):
    nodes: list[Transaction]


class _Refunded(Shown):
    id: str
    note: str | None = None
    transactions: _Moved


class ShopifyPayments:
    """The payments of one shop's orders."""

    name = "shopify"

    def __init__(self, shop: Shop, *, now: Callable[[], datetime] = clock.now) -> None:
        self._shop, self._credit = shop, StoreCredit(shop, now)

    async def payment(self, payment_id: str) -> PaymentLedger | None:
        """What Shopify holds of this payment, every refund included; None where it has none."""
        found = await self._held(payment_id)
        return None if found is None else found[1].ledger

    async def refund(self, command: RefundCommand) -> Receipt:
        """Same key, same refund. A receipt of another amount or currency than asked is `unknown`."""
        found = await self._held(command.payment_id)
        if found is None:
            raise Refused("payment_not_found", "Shopify has no such payment.")
        order_id, held = found
        made = _found(held.ledger, command)
        if made is not None:
            return made
        if held.ledger.currency != command.currency:
            raise Refused("currency_mismatch", f"The payment was made in {held.ledger.currency}.")
        payload = await self._shop.change(
            documents.CREATE_REFUND,
            "refundCreate",
            REFUND_REFUSALS,
            input=_asked(order_id, held.payment, command),
            key=command.key,
        )
        refund = read(_Refunded, payload.get("refund"))
        parts = [one for one in refund.transactions.nodes if _is_of(one, held.payment)]
        receipts = [_receipt(refund.id, noted(refund.note)[0], one, command) for one in parts]
        return surest(receipts) or Receipt(status="unknown", evidence={"id": refund.id})

    async def find_refund(self, command: RefundCommand) -> Receipt | None:
        """What the order's own refunds say of this key; None where they have nothing."""
        found = await self._held(command.payment_id)
        return None if found is None else _found(found[1].ledger, command)

    async def charge(self, command: ChargeCommand) -> Receipt:
        """Refused("unsupported"): a shop's checkout takes payments, and nothing here does."""
        del command
        _unsupported("A payment cannot be taken by this connection.")

    async def find_charge(self, command: ChargeCommand) -> Receipt | None:
        """None: nothing is ever sent."""
        del command
        return None

    async def pay_out(self, command: PayoutCommand) -> Receipt:
        """Store credit. `Refused("unsupported")` for a payout to anything else."""
        if command.payment_method_id is not None:
            _unsupported("Shopify pays out as store credit, and to no other method.")
        return await self._credit.give(command)

    async def find_payout(self, command: PayoutCommand) -> Receipt | None:
        """What the customer's account says of this key; None where it was never made."""
        return None if command.payment_method_id is not None else await self._credit.find(command)

    # ---- payments -------------------------------------------------------------------------------------------------

    async def _held(self, payment_id: str) -> tuple[str, Held] | None:
        """The order's global id, and the payment as Shopify holds it."""
        wanted = gid("OrderTransaction", payment_id)
        if wanted is None:
            return None
        node = (await self._shop.ask(documents.GET_PAYMENT, id=wanted)).get("node")
        if node is None:
            return None
        found = read(_Payment, node)
        if found.id != wanted:
            raise OutcomeUnknown("another payment came back than was asked for")
        order = found.order
        if order is None:
            return None
        full = len(order.transactions) >= TRANSACTIONS or len(order.refunds) >= REFUNDS
        if full or any(one.transactions.pageInfo.hasNextPage for one in order.refunds):
            raise OutcomeUnknown("the order has more transactions than can be read")
        held = next((one for one in ledgers(order.transactions, order.refunds) if one.payment.id == wanted), None)
        return (order.id, held or _gone(order, wanted))


def _unsupported(detail: str) -> NoReturn:
    raise Refused("unsupported", detail)


def _is_of(transaction: Transaction, payment: Transaction) -> bool:
    parent = transaction.parentTransaction
    return transaction.kind == "REFUND" and parent is not None and parent.id == payment.id


def _gone(order: _Order, wanted: str) -> Held:
    """A payment that the order has and that is none any more: an authorization that was captured, or a failed one."""
    found = next((one for one in order.transactions if one.id == wanted), None)
    if found is None:
        raise OutcomeUnknown("the order that came back does not have the payment")
    captured = any(
        one.kind == "CAPTURE" and one.parentTransaction is not None and one.parentTransaction.id == wanted
        for one in order.transactions
    )
    ledger = PaymentLedger(
        payment_id=number(wanted), state="authorized" if captured else "voided", currency=found.currency, captured=0
    )
    return Held(payment=found, ledger=ledger)


def _asked(order_id: str, payment: Transaction, command: RefundCommand) -> dict[str, Any]:
    transaction = {
        "amount": decimal(command.amount, command.currency),
        "gateway": payment.gateway or "",
        "kind": "REFUND",
        "orderId": order_id,
        "parentId": payment.id,
    }
    return {
        "orderId": order_id,
        "currency": command.currency,
        "note": note(command.key, command.reason),
        "notify": False,
        "transactions": [transaction],
    }


def _found(ledger: PaymentLedger, command: RefundCommand) -> Receipt | None:
    ours = [one for one in ledger.refunds if one.key == command.key]
    return surest([_told(one, ledger.currency, command) for one in ours])


def _told(refund: LedgerRefund, currency: str, command: RefundCommand) -> Receipt:
    same = (refund.amount, currency) == (command.amount, command.currency)
    return Receipt(
        status=refund.status if same else "unknown",
        external_id=refund.external_id,
        amount=refund.amount,
        currency=currency,
        failure_code=refund.failure_code,
        evidence={"id": refund.external_id, "created_at": refund.created_at.isoformat(), "as_asked": same},
    )


def _receipt(refund_id: str, key: str | None, made: Transaction, command: RefundCommand) -> Receipt:
    amount, currency = made.amountSet.minor(), made.currency
    same = (amount, currency, key) == (command.amount, command.currency, command.key)
    return Receipt(
        status=made.said if same else "unknown",
        external_id=number(refund_id, "Refund"),
        amount=amount,
        currency=currency,
        failure_code=(made.errorCode or "failed").lower() if made.said == "failed" else None,
        evidence={
            "id": number(refund_id),
            "transaction": number(made.id),
            "status": made.status,
            "created_at": made.createdAt,
            "shop_money": _shop_money(made.amountSet),
            "as_asked": same,
        },
    )


def _shop_money(bag: Bag) -> str | None:
    return None if bag.shopMoney is None else f"{bag.shopMoney.amount} {bag.shopMoney.currencyCode}"
