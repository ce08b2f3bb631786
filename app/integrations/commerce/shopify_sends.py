"""Exchanges sent early at Shopify: their goods go out before those that come back are there.

`returnProcess` with the exchange's lines alone adds them to the order and makes the fulfillment order that whoever
packs works from. It has no idempotency: how many of a line were processed is read before and after. Shopify holds such
an order until the goods are back or until what the order lacks is paid: here that is charged before, or nothing is due.
So those two holds are released, by their ids, and no others: what is held for fraud or stock stays held. No money is
moved by any of it (`financialTransfer` is never sent).
"""

# ruff: noqa: N815  the fields have Shopify's names
from __future__ import annotations

from app.integrations.commerce import shopify_return_documents as documents
from app.integrations.commerce.contract import SendExchange
from app.integrations.commerce.shopify_returns import ENDED, Returns
from app.integrations.commerce.shopify_wire import DENIED, Page, Shop, Shown, afterwards, number, read
from app.integrations.errors import OutcomeUnknown, ProviderError, Refused
from app.integrations.receipts import Receipt

REFUSALS = {
    "NOT_FOUND": "return_not_found",
    "INVALID_STATE": "return_not_open",
    "NOT_EDITABLE": "return_not_open",
    **dict.fromkeys(("GREATER_THAN", "LESS_THAN_OR_EQUAL_TO", "TOO_BIG"), "item_count_mismatch"),
    **dict.fromkeys(("INVALID", "CREATION_FAILED"), "exchange_refused"),
}
WAITING = frozenset({"AWAITING_PAYMENT", "AWAITING_RETURN_ITEMS"})
"""Why Shopify holds what goes out early: neither is waited for here."""
GIVEN_UP = frozenset({"CANCELLED", "INCOMPLETE"})


class _Id(Shown):
    id: str


class _Line(Shown):
    id: str
    quantity: int
    processedQuantity: int
    unprocessedQuantity: int
    lineItems: list[_Id] | None = None


class _Lines(Shown):
    nodes: list[_Line]
    pageInfo: Page


class _Item(Shown):
    lineItem: _Id


class _Items(Shown):
    nodes: list[_Item]
    pageInfo: Page


class _Hold(Shown):
    id: str
    reason: str


class _Work(Shown):
    """A fulfillment order."""

    id: str
    status: str
    lineItems: _Items
    fulfillmentHolds: list[_Hold]

    @property
    def items(self) -> set[str]:
        return {one.lineItem.id for one in self.lineItems.nodes}

    @property
    def waiting(self) -> list[str]:
        return [hold.id for hold in self.fulfillmentHolds if hold.reason in WAITING]


class _Works(Shown):
    nodes: list[_Work]
    pageInfo: Page


class _Order(Shown):
    id: str
    fulfillmentOrders: _Works


class _State(Shown):
    id: str
    status: str
    exchangeLineItems: _Lines
    order: _Order

    @property
    def processed(self) -> bool:
        return all(line.unprocessedQuantity <= 0 for line in self.exchangeLineItems.nodes)

    @property
    def items(self) -> set[str]:
        """The order's lines that the exchange has become."""
        return {one.id for line in self.exchangeLineItems.nodes for one in line.lineItems or ()}

    @property
    def works(self) -> list[_Work]:
        """The fulfillment orders that have them, and nothing else: no other goods are let go with them."""
        standing = [one for one in self.order.fulfillmentOrders.nodes if one.status not in GIVEN_UP]
        whole = [one for one in standing if one.items and not one.lineItems.pageInfo.hasNextPage]
        return [one for one in whole if one.items <= self.items]


class Sends:
    """What goes out early."""

    def __init__(self, shop: Shop, returns: Returns) -> None:
        self._shop, self._returns = shop, returns

    async def send(self, command: SendExchange) -> Receipt:
        """Process what of the exchange is not, and let it go; once, however often it is told."""
        state = await self._state(command)
        if state is None or not state.exchangeLineItems.nodes:
            raise Refused("return_not_found", "Shopify has no exchange with this RMA.")
        if not state.processed:
            await self._process(state)
            state = await afterwards(self._state(command))
        if state is not None:
            await self._release(state)
        return await afterwards(self.find(command)) or _not_seen(state)

    async def find(self, command: SendExchange) -> Receipt | None:
        """Whether all of it is processed, and nothing that is not waited for here holds it up."""
        state = await self._state(command)
        if state is None or not state.processed or not state.exchangeLineItems.nodes:
            return None
        works = state.works
        if not state.items or not state.items <= {item for one in works for item in one.items}:
            return None  # Shopify makes the work a moment later, or shows it to another app alone
        if any(one.waiting for one in works):
            return None
        evidence = {
            "id": number(state.id, "Return"),
            "fulfillment_orders": [number(one.id, "FulfillmentOrder") for one in works],
            "held": sorted({hold.reason for one in works for hold in one.fulfillmentHolds}),
        }
        return Receipt(status="succeeded", external_id=number(state.id, "Return"), evidence=evidence)

    async def _process(self, state: _State) -> None:
        if state.status in ENDED:
            raise Refused("return_not_open", "The return has ended at Shopify.")
        if not state.order.fulfillmentOrders.nodes:  # what was sent had one: the token may not see it
            missing = {"missing": "write_merchant_managed_fulfillment_orders"}
            raise Refused(DENIED, "The token may not let goods go.", evidence=missing)
        listed = [
            {"id": line.id, "quantity": line.unprocessedQuantity}
            for line in state.exchangeLineItems.nodes
            if line.unprocessedQuantity > 0
        ]
        asked = {"returnId": state.id, "exchangeLineItems": listed, "notifyCustomer": False}
        await self._shop.change(documents.PROCESS_EXCHANGE, "returnProcess", REFUSALS, input=asked)

    async def _release(self, state: _State) -> None:
        """Let go what waits; where that is refused the goods are owed all the same, and a person has to look."""
        for work in state.works:
            if work.waiting:
                try:
                    asked = {"id": work.id, "holds": work.waiting}
                    await self._shop.change(documents.RELEASE_HOLDS, "fulfillmentOrderReleaseHold", {}, **asked)
                except Refused as refusal:
                    said = {**refusal.evidence, "held": work.waiting}
                    raise OutcomeUnknown("processed, and still held there", evidence=said) from refusal
                except ProviderError as error:
                    raise OutcomeUnknown("processed, and not let go yet", evidence=error.evidence) from error

    async def _state(self, command: SendExchange) -> _State | None:
        found = await self._returns.of_rma(command.order_id, command.rma)
        if found is None:
            return None
        state = read(_State, (await self._shop.ask(documents.EXCHANGE_STATE, id=found.id)).get("return"))
        if state.id != found.id:
            raise OutcomeUnknown("another return came back than was asked for")
        if state.exchangeLineItems.pageInfo.hasNextPage:
            raise OutcomeUnknown("the exchange has more lines than can be read")
        return state


def _not_seen(state: _State | None) -> Receipt:
    return Receipt(status="unknown", evidence={} if state is None else {"id": number(state.id), "status": state.status})
