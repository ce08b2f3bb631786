"""How our sandbox's shop is told to change an order, a customer or a subscription, and how its word on it is read."""

from typing import Any

from pydantic import BaseModel

from app.integrations.commerce.contract import (
    ChangeAddress,
    ChangeCustomer,
    ChangePaymentMethod,
    CloseReturn,
    OpenExchange,
    OpenReturn,
    SendExchange,
    ShopCommand,
    SwapItems,
    SwapReceipt,
)
from app.integrations.commerce.sandbox_subscriptions import ShownSubscription, subscription
from app.integrations.commerce.subscription_contract import ChangeSubscription, SubscriptionReceipt
from app.integrations.errors import Refused
from app.integrations.http import segment
from app.integrations.receipts import Receipt

WAYS: dict[type[ShopCommand], tuple[str, str]] = {
    ChangeAddress: ("change_address", "address"),
    SwapItems: ("swap_items", "items"),
    ChangePaymentMethod: ("change_payment_method", "payment-method"),
    OpenReturn: ("open_return", "returns"),
    OpenExchange: ("open_exchange", "exchanges"),
    CloseReturn: ("close_return", "closed-returns"),
    SendExchange: ("send_exchange", "sent-exchanges"),
    ChangeCustomer: ("change_customer", "changes"),
    ChangeSubscription: ("change_subscription", "changes"),
}
"""The shop's word for each command, and the end of its path."""

REFUSAL_WORDS = {
    "line_not_found": "item_not_in_order",
    "quantity_exceeded": "item_count_mismatch",
    "delivery_not_next": "facts_changed",
}
"""Our code where the shop has another; all its other codes are ours."""


class _Address(BaseModel, strict=True):
    name: str | None = None
    address1: str | None = None
    address2: str | None = None
    city: str | None = None
    province: str | None = None
    country_code: str | None = None
    postal_code: str | None = None
    phone: str | None = None


class _Swap(BaseModel, strict=True):
    line_id: str
    variant_id: str
    quantity: int


class _Back(BaseModel, strict=True):
    line_id: str
    quantity: int
    reason: str | None = None


class Change(BaseModel, strict=True):
    """What the shop did, with what it understood."""

    id: str
    kind: str
    key: str | None = None
    order_id: str | None = None
    customer_id: str | None = None
    status: str
    created_at: str
    rma: str | None = None
    lines: list[_Back] | None = None
    swaps: list[_Swap] | None = None
    line_ids: list[str] | None = None
    payment_method_id: str | None = None
    difference: int | None = None
    currency: str | None = None
    address: _Address | None = None
    email: str | None = None
    phone: str | None = None
    name: str | None = None
    asked: dict[str, str | None] | None = None
    subscription: ShownSubscription | None = None


class Changes(BaseModel, strict=True):
    """All that was done under one key."""

    data: list[Change]


def path_of(command: ShopCommand) -> str:
    """Where the command is sent."""
    if isinstance(command, ChangeCustomer):
        return f"/shop/v1/customers/{segment(command.customer_id)}/changes"
    if isinstance(command, ChangeSubscription):
        return f"/shop/v1/subscriptions/{segment(command.subscription_id)}/changes"
    return f"/shop/v1/orders/{segment(command.order_id)}/{WAYS[type(command)][1]}"


_ABOUT = {"key", "order_id", "customer_id", "subscription_id"}


def asked_by(command: ShopCommand) -> dict[str, Any]:
    """The command as the shop takes it; what is None is not said."""
    return command.model_dump(mode="json", exclude=_ABOUT, exclude_none=True)


def change_receipt(change: Change, command: ShopCommand) -> Receipt:
    """The shop's word on the command; an answer about anything else than was asked is `unknown`."""
    same = (change.kind, change.key) == (WAYS[type(command)][0], command.key) and _about(change, command)
    evidence = {
        "id": change.id,
        "kind": change.kind,
        "order_id": change.order_id,
        "customer_id": change.customer_id,
        "status": change.status,
        "created_at": change.created_at,
        "as_asked": same,
    }
    receipt = Receipt(
        status="succeeded" if same and change.status == "applied" else "unknown",
        external_id=change.id,
        evidence=evidence,
    )
    if change.subscription is not None:
        return SubscriptionReceipt(**dict(receipt), subscription=subscription(change.subscription))
    return SwapReceipt(**dict(receipt), line_ids=tuple(change.line_ids or ()))


def _about(change: Change, command: ShopCommand) -> bool:
    """Whether the shop understood what was asked, of whom."""
    told, asked = change.model_dump(exclude_none=True), asked_by(command)
    if isinstance(command, ChangeSubscription):
        told = told.get("asked", {})
        if change.subscription is None or change.subscription.id != command.subscription_id:
            return False
    if isinstance(command, ChangeCustomer | ChangeSubscription):
        about = (None, command.customer_id)
    else:
        about = (command.order_id, None)
    return (change.order_id, change.customer_id) == about and all(told.get(name) == asked[name] for name in asked)


def in_our_words(refusal: Refused) -> Refused:
    """The shop's no under our code."""
    code = REFUSAL_WORDS.get(refusal.code, refusal.code)
    return Refused(code, refusal.detail, evidence=refusal.evidence)
