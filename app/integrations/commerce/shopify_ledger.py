"""What of an order's transactions is a payment, and what of its refunds went back to which.

A payment of ours is a SALE or a CAPTURE, in the currency that the shopper paid in; an AUTHORIZATION is one until it is
captured. A refund's transaction names its payment as its parent, if it was made through one. Our key stands in the
refund's note.
"""

# ruff: noqa: N815  the fields have Shopify's names
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from app.integrations.commerce.contract import PaymentKind, PaymentSnapshot
from app.integrations.commerce.shopify_wire import Bag, Page, Shown, moment, noted, number
from app.integrations.payments.contract import LedgerRefund, PaymentLedger
from app.integrations.receipts import ReceiptStatus

STATUS_WORDS: dict[str, ReceiptStatus] = {
    "SUCCESS": "succeeded",
    "PENDING": "pending",
    "AWAITING_RESPONSE": "pending",
    "FAILURE": "failed",
    "ERROR": "failed",
}
KIND_WORDS: dict[str, PaymentKind] = {
    "shopify_payments": "card",
    "stripe": "card",
    "paypal": "paypal",
    "gift_card": "gift_card",
    "shopify_store_credit": "store_credit",
    "store_credit": "store_credit",
    "bank_deposit": "bank",
    "bank_transfer": "bank",
}
TAKEN = frozenset({"SALE", "CAPTURE"})


class _Id(Shown):
    id: str


class Transaction(Shown):
    """One movement of an order's money."""

    id: str
    kind: str
    status: str
    gateway: str | None = None
    formattedGateway: str | None = None
    createdAt: str
    errorCode: str | None = None
    parentTransaction: _Id | None = None
    amountSet: Bag

    @property
    def said(self) -> ReceiptStatus:
        """Its status in our words."""
        return STATUS_WORDS.get(self.status, "unknown")

    @property
    def currency(self) -> str:
        """Which the shopper paid in."""
        return self.amountSet.presentmentMoney.currencyCode


class _Ids(Shown):
    nodes: list[_Id]
    pageInfo: Page


class RefundPart(Shown):
    """So many of a line that money went back for."""

    quantity: int
    lineItem: _Id
    subtotalSet: Bag
    totalTaxSet: Bag


class _Parts(Shown):
    nodes: list[RefundPart]
    pageInfo: Page


class RefundOf(Shown):
    """A refund of an order: what it was for, and the ids of what moved."""

    id: str
    note: str | None = None
    createdAt: str | None = None
    transactions: _Ids
    refundLineItems: _Parts | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """One payment as Shopify holds it."""

    payment: Transaction
    ledger: PaymentLedger


def ledgers(transactions: Sequence[Transaction], refunds: Sequence[RefundOf]) -> list[Held]:
    """Every payment of the order that did not fail, oldest first, with what went back of it."""
    of_transaction = {one.id: refund for refund in refunds for one in refund.transactions.nodes}
    by_parent: dict[str, list[LedgerRefund]] = {}
    for one in transactions:
        parent = _came_from(one, transactions) if one.kind == "REFUND" else None
        if parent is not None:
            by_parent.setdefault(parent, []).append(_refund(one, of_transaction.get(one.id)))
    ended = {one.parentTransaction.id: one.kind for one in transactions if _ends(one) and one.parentTransaction}
    return [_held(one, ended.get(one.id), by_parent) for one in transactions if _is_payment(one, ended)]


def _came_from(refund: Transaction, transactions: Sequence[Transaction]) -> str | None:
    """The payment that a refund went back to: its parent, or what captured that.

    One that names none counts against a payment by the same gateway, else the first: nothing that went back is lost.
    """
    parent = None if refund.parentTransaction is None else refund.parentTransaction.id
    taken = [one for one in transactions if one.kind in TAKEN and one.said == "succeeded"]
    captures = [one for one in taken if one.parentTransaction is not None and one.parentTransaction.id == parent]
    named = [one for one in taken if one.id == parent] or (captures if parent is not None else [])
    found = named or [one for one in taken if one.gateway == refund.gateway] or taken
    return found[0].id if found else parent


def _ends(transaction: Transaction) -> bool:
    return transaction.kind in {"CAPTURE", "VOID"} and transaction.said == "succeeded"


def _is_payment(transaction: Transaction, ended: dict[str, str]) -> bool:
    """Money taken or on its way, or held until it is taken; a payment that a capture stands for is none beside it."""
    if transaction.said == "failed":
        return False
    if transaction.kind in {"AUTHORIZATION", "EMV_AUTHORIZATION"}:
        return ended.get(transaction.id) != "CAPTURE"
    return transaction.kind in TAKEN


def _held(transaction: Transaction, ended: str | None, by_parent: dict[str, list[LedgerRefund]]) -> Held:
    taken = transaction.kind in TAKEN and transaction.said == "succeeded"
    state: Literal["captured", "pending", "voided", "authorized"] = "captured" if taken else "pending"
    if transaction.kind not in TAKEN and transaction.said == "succeeded":
        state = "voided" if ended == "VOID" else "authorized"
    ledger = PaymentLedger(
        payment_id=number(transaction.id, "OrderTransaction"),
        state=state,
        currency=transaction.currency,
        captured=transaction.amountSet.minor() if taken else 0,
        refunds=tuple(by_parent.get(transaction.id, ())),
    )
    return Held(payment=transaction, ledger=ledger)


def _refund(transaction: Transaction, refund: RefundOf | None) -> LedgerRefund:
    return LedgerRefund(
        external_id=number(transaction.id) if refund is None else number(refund.id, "Refund"),
        key=None if refund is None else noted(refund.note)[0],
        amount=transaction.amountSet.minor(),
        status=transaction.said,
        created_at=moment(transaction.createdAt),
        failure_code=(transaction.errorCode or "failed").lower() if transaction.said == "failed" else None,
    )


def payments_of(held: Sequence[Held]) -> tuple[PaymentSnapshot, ...]:
    """The payments of an order as its snapshot shows them."""
    return tuple(
        PaymentSnapshot(
            external_id=one.ledger.payment_id,
            kind=KIND_WORDS.get(one.payment.gateway or "", "other"),
            label=one.payment.formattedGateway or one.payment.gateway or "Payment",
            currency=one.ledger.currency,
            captured=one.ledger.captured,
            refunded=sum(refund.amount for refund in one.ledger.refunds if refund.status == "succeeded"),
        )
        for one in held
    )
