"""Store credit at Shopify, which has no idempotency and holds no note of ours.

What the customer's account held is written into a metafield of the customer under our key before a credit is sent.
A credit that is not among that is ours, if it is the only one of the amount and of no other key; where there are
several, or none yet, the outcome is unknown. None within ten minutes: it was never made.
"""

# ruff: noqa: N815  the fields have Shopify's names
from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, cast

from app.integrations.commerce import shopify_effect_documents as documents
from app.integrations.commerce.shopify_wire import (
    NAMESPACE,
    Amount,
    Shop,
    Shown,
    decimal,
    gid,
    moment,
    number,
    read,
    wanted_gid,
)
from app.integrations.errors import NotExecuted, OutcomeUnknown, ProviderError, Refused
from app.integrations.payments.contract import PayoutCommand
from app.integrations.receipts import Receipt

CREDITS = 20
"""Of an account, newest first, that are looked through."""
LATE = timedelta(minutes=10)
"""After which a credit that was sent and is not there was never made."""
CREDIT_REFUSALS = {
    "OWNER_NOT_FOUND": "payment_method_not_found",
    "ACCOUNT_NOT_FOUND": "payment_method_not_found",
    "NEGATIVE_OR_ZERO_AMOUNT": "amount_invalid",
    "CREDIT_LIMIT_EXCEEDED": "amount_invalid",
    "MISMATCHING_CURRENCY": "currency_mismatch",
    "UNSUPPORTED_CURRENCY": "currency_mismatch",
}


class _Value(Shown):
    value: str


class _Entry(Shown):
    key: str
    value: str


class _Entries(Shown):
    nodes: list[_Entry]


class _Currency(Shown):
    currencyCode: str


class _Credit(Shown):
    id: str | None = None
    amount: Amount
    createdAt: str


class _Credits(Shown):
    nodes: list[_Credit]


class _Account(Shown):
    id: str
    balance: _Currency
    transactions: _Credits


class _Accounts(Shown):
    nodes: list[_Account]


class _Customer(Shown):
    id: str
    metafield: _Value | None = None
    metafields: _Entries
    storeCreditAccounts: _Accounts

    def credits(self, currency: str) -> dict[str, _Credit]:
        """What was credited in that currency, newest first, by its id."""
        accounts = [one for one in self.storeCreditAccounts.nodes if one.balance.currencyCode == currency]
        return {one.id: one for account in accounts for one in account.transactions.nodes if one.id is not None}


class _Made(Shown):
    id: str
    createdAt: str
    amount: Amount


class StoreCredit:
    """The store credit of one shop's customers."""

    def __init__(self, shop: Shop, now: Callable[[], datetime]) -> None:
        self._shop, self._now = shop, now

    async def give(self, command: PayoutCommand) -> Receipt:
        """Credit once for a key; raises OutcomeUnknown while an earlier try may still arrive."""
        customer_id = wanted_gid("Customer", command.customer_id, "customer_not_found")
        customer = await self._customer(customer_id, command.key)
        if customer is None:
            raise Refused("customer_not_found", "Shopify has no such customer.")
        made = None if customer.metafield is None else self._credited(customer, command)
        return made or await self._sent(customer_id, command, customer)

    async def find(self, command: PayoutCommand) -> Receipt | None:
        """What the account says of this key; None where it was never made."""
        customer_id = gid("Customer", command.customer_id)
        if customer_id is None:
            return None
        customer = await self._customer(customer_id, command.key)
        if customer is None or customer.metafield is None:
            return None  # the intent is written first: without it nothing was sent
        return self._credited(customer, command)

    async def _customer(self, customer_id: str, key: str) -> _Customer | None:
        said = await self._shop.ask(documents.CREDITS, id=customer_id, namespace=NAMESPACE, key=key)
        if said.get("customer") is None:
            return None
        found = read(_Customer, said["customer"])
        if found.id != customer_id:
            raise OutcomeUnknown("another customer came back than was asked for")
        return found

    async def _sent(self, customer_id: str, command: PayoutCommand, customer: _Customer) -> Receipt:
        """Write down what is there, credit, write down which it was."""
        money = {"amount": decimal(command.amount, command.currency), "currencyCode": command.currency}
        before = list(customer.credits(command.currency))
        await self._note_down(customer_id, command.key, {"at": self._now().isoformat(), "before": before})
        try:
            payload = await self._shop.change(
                documents.CREDIT,
                "storeCreditAccountCredit",
                CREDIT_REFUSALS,
                id=customer_id,
                input={"creditAmount": money, "notify": False},
            )
        except (NotExecuted, Refused):  # certainly nothing happened: nobody need wait for it to arrive
            with contextlib.suppress(ProviderError):
                await self._note_down(customer_id, command.key, {"before": before, "void": True})
            raise
        made = read(_Made, payload.get("storeCreditAccountTransaction"))
        with contextlib.suppress(ProviderError):  # the look-up finds it all the same, by what was there before
            await self._note_down(customer_id, command.key, {"before": before, "made": made.id})
        return _payout(made.id, made.amount, command)

    def _credited(self, customer: _Customer, command: PayoutCommand) -> Receipt | None:
        """Which credit is the key's; raises OutcomeUnknown while that cannot be told."""
        intents = {entry.key: _intent(entry.value) for entry in customer.metafields.nodes}
        intent = _intent(customer.metafield.value if customer.metafield else "{}")
        there = customer.credits(command.currency)
        made = intent.get("made")
        if isinstance(made, str):
            return _payout(made, there[made].amount if made in there else None, command)
        if intent.get("void"):
            return None
        others = {one.get("made") for key, one in intents.items() if key != command.key}
        before = set(cast("list[str]", intent.get("before") or []))
        found = [
            one
            for name, one in there.items()
            if name not in before and name not in others and one.amount.minor() == command.amount
        ]
        if len(found) > 1 or (not found and len(there) >= CREDITS and not before & set(there)):
            raise OutcomeUnknown("it cannot be told which store credit is this one")
        if found:
            return _payout(found[0].id or "", found[0].amount, command)
        if self._now() - moment(str(intent.get("at"))) < LATE:
            raise OutcomeUnknown("a store credit that was sent may still arrive")
        return None

    async def _note_down(self, customer_id: str, key: str, value: dict[str, Any]) -> None:
        entry = {"ownerId": customer_id, "namespace": NAMESPACE, "key": key, "type": "json", "value": json.dumps(value)}
        await self._shop.change(documents.NOTE_DOWN, "metafieldsSet", {}, metafields=[entry])


def _intent(value: str) -> dict[str, Any]:
    try:
        found: Any = json.loads(value)
    except ValueError:
        return {}
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def _payout(made: str, amount: Amount | None, command: PayoutCommand) -> Receipt:
    """`amount` None: its account's newest credits do not reach as far back, and its id was kept."""
    same = amount is None or (amount.minor(), amount.currencyCode) == (command.amount, command.currency)
    return Receipt(
        status="succeeded" if same else "unknown",
        external_id=number(made),
        amount=command.amount if amount is None else amount.minor(),
        currency=command.currency if amount is None else amount.currencyCode,
        evidence={"id": number(made), "as_asked": same},
    )
