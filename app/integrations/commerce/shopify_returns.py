"""Returns and exchanges at Shopify: opened, found again and closed.

`returnCreate` has no idempotency: our key and RMA stand in the note of every returned line, and the order's returns
are read before one is made. An exchange is a return that says what goes out instead; Shopify releases those goods when
the return is processed there, by whoever handles the parcel that comes back, or early (`shopify_sends.py`).
"""

# ruff: noqa: N815  the fields have Shopify's names
from __future__ import annotations

from collections import Counter
from typing import Any

from app.integrations.commerce import shopify_effect_documents as documents
from app.integrations.commerce.contract import CloseReturn, LineBack, LineSwap, OpenExchange, OpenReturn
from app.integrations.commerce.shopify_wire import (
    Page,
    Shop,
    Shown,
    afterwards,
    gid,
    note,
    noted,
    number,
    read,
    wanted_gid,
)
from app.integrations.errors import OutcomeUnknown, Refused
from app.integrations.receipts import Receipt

PAGES = 10
"""Of ten returns each."""
RETURN_REFUSALS = {
    "NOT_FOUND": "order_not_found",
    "INVALID_STATE": "item_not_returnable",
    "GREATER_THAN": "item_count_mismatch",
    "LESS_THAN_OR_EQUAL_TO": "item_count_mismatch",
    "TOO_BIG": "item_count_mismatch",
    "ALREADY_EXISTS": "already_returned",
    "variant": "new_item_not_found",
    "INVALID": "item_not_returnable",
    "CREATION_FAILED": "item_not_returnable",
    "NOT_EDITABLE": "item_not_returnable",
}
REASONS = {
    "color": ("color",),
    "defective": ("damaged", "defective", "broken", "faulty"),
    "not-as-described": ("not as described", "not_as_described", "wrong description"),
    "size-too-large": ("too large", "too big", "too_large", "size_too_large"),
    "size-too-small": ("too small", "too_small", "size_too_small"),
    "style": ("style",),
    "unwanted": ("unwanted", "changed my mind", "no longer needed", "not_wanted", "changed_mind"),
    "wrong-item": ("wrong item", "wrong_item", "not what i ordered"),
}
"""Shopify's handle of a reason, by our words."""
OTHER = "other"
ENDED = frozenset({"CANCELED", "CLOSED", "DECLINED"})
KNOWN = ENDED | {"OPEN", "REQUESTED"}


class _Id(Shown):
    id: str


class _Line(Shown):
    lineItem: _Id


class _Back(Shown):
    quantity: int
    returnReasonNote: str | None = None
    fulfillmentLineItem: _Line | None = None


class _Backs(Shown):
    nodes: list[_Back]


class _Out(Shown):
    variantId: str | None = None
    quantity: int


class _Outs(Shown):
    nodes: list[_Out]


class Return(Shown):
    """A return as it stands there."""

    id: str
    name: str
    status: str
    returnLineItems: _Backs
    exchangeLineItems: _Outs

    @property
    def marks(self) -> set[tuple[str | None, str | None]]:
        """Our keys and RMAs in its notes."""
        return {noted(line.returnReasonNote) for line in self.returnLineItems.nodes}


class _Returns(Shown):
    nodes: list[Return]
    pageInfo: Page


class _Order(Shown):
    id: str
    returns: _Returns


class _Sent(Shown):
    id: str
    lineItem: _Id


class _Part(Shown):
    quantity: int
    fulfillmentLineItem: _Sent


class _Parts(Shown):
    nodes: list[_Part]


class _Fulfillment(Shown):
    returnableFulfillmentLineItems: _Parts


class _Fulfillments(Shown):
    nodes: list[_Fulfillment]
    pageInfo: Page


class _Reason(Shown):
    id: str
    handle: str
    deleted: bool


class _Reasons(Shown):
    nodes: list[_Reason]


class _State(Shown):
    id: str
    displayFulfillmentStatus: str


class _Returnable(Shown):
    order: _State | None = None
    returnableFulfillments: _Fulfillments
    returnReasonDefinitions: _Reasons


class _Made(Shown):
    id: str
    status: str


class Returns:
    """The returns of orders."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    async def open(self, command: OpenReturn | OpenExchange) -> Receipt:
        """Have Shopify expect the goods, once for a key."""
        order_id = wanted_gid("Order", command.order_id, "order_not_found")
        made = await self.find(command)
        if made is not None:
            return made
        asked = await self._asked(order_id, command)
        payload = await self._shop.change(documents.CREATE_RETURN, "returnCreate", RETURN_REFUSALS, input=asked)
        read(_Made, payload.get("return"))
        found = await afterwards(self.find(command))  # what it understood, and not only that it took something
        return found or Receipt(status="unknown", evidence={"order_id": command.order_id})

    async def find(self, command: OpenReturn | OpenExchange) -> Receipt | None:
        """The return whose notes hold this key; None where there is none."""
        found = [one for one in await self._of(command.order_id) if command.key in {key for key, _ in one.marks}]
        return None if not found else _receipt(found, command)

    async def close(self, command: CloseReturn) -> Receipt:
        """Cancel the return of this RMA; close it where work on it has begun."""
        found = await self.of_rma(command.order_id, command.rma)
        if found is None:
            raise Refused("return_not_found", "Shopify has no return with this RMA.")
        if found.status not in ENDED:
            try:
                await self._shop.change(documents.CANCEL_RETURN, "returnCancel", {}, id=found.id)
            except Refused as refusal:
                if refusal.code != "provider_refused":
                    raise
                await self._shop.change(documents.CLOSE_RETURN, "returnClose", {}, id=found.id)
        return await afterwards(self.find_closed(command)) or Receipt(
            status="unknown", evidence={"id": number(found.id)}
        )

    async def find_closed(self, command: CloseReturn) -> Receipt | None:
        """Whether the return of this RMA has ended."""
        found = await self.of_rma(command.order_id, command.rma)
        if found is None or found.status not in ENDED:
            return None
        evidence = {"id": number(found.id, "Return"), "name": found.name, "status": found.status}
        return Receipt(status="succeeded", external_id=number(found.id, "Return"), evidence=evidence)

    async def of_rma(self, order_id: str, rma: str) -> Return | None:
        """The return that was opened under this RMA; None where the order has none."""
        returns = await self._of(order_id)
        return next((one for one in returns if rma in {known for _, known in one.marks}), None)

    async def _of(self, order_id: str) -> list[Return]:
        wanted, found = gid("Order", order_id), list[Return]()
        after: str | None = None
        for _ in range(PAGES if wanted else 0):
            said = (await self._shop.ask(documents.RETURNS, id=wanted, after=after)).get("order")
            if said is None:
                return found
            order = read(_Order, said)
            if order.id != wanted:
                raise OutcomeUnknown("another order came back than was asked for")
            found += order.returns.nodes
            after = order.returns.pageInfo.endCursor
            if not order.returns.pageInfo.hasNextPage:
                return found
        if wanted:
            raise OutcomeUnknown("the order has more returns than can be read")
        return found

    async def _asked(self, order_id: str, command: OpenReturn | OpenExchange) -> dict[str, Any]:
        """The return as Shopify takes it: parts of parcels, not lines of the order."""
        said = read(_Returnable, await self._shop.ask(documents.RETURNABLE, id=order_id))
        if said.order is None:
            raise Refused("order_not_found", "Shopify has no such order.")
        parts = [part for one in said.returnableFulfillments.nodes for part in one.returnableFulfillmentLineItems.nodes]
        if not parts and said.order.displayFulfillmentStatus != "FULFILLED":
            raise Refused("order_not_delivered", "Nothing of the order has been sent.")
        left = {part.fulfillmentLineItem.id: part.quantity for part in parts}
        listed: list[dict[str, Any]] = []
        for line in _lines(command):
            listed += _taken(line, parts, left, _reason(line.reason, said.returnReasonDefinitions.nodes), command)
        given: dict[str, Any] = {"orderId": order_id, "returnLineItems": listed}
        if isinstance(command, OpenExchange):
            given["exchangeLineItems"] = [_out(swap) for swap in command.swaps]
        return given


def _out(swap: LineSwap) -> dict[str, Any]:
    variant = wanted_gid("ProductVariant", swap.variant_id, "new_item_not_found")
    return {"variantId": variant, "quantity": swap.quantity}


def _lines(command: OpenReturn | OpenExchange) -> tuple[LineBack, ...]:
    if isinstance(command, OpenReturn):
        return command.lines
    return tuple(LineBack(line_id=swap.line_id, quantity=swap.quantity) for swap in command.swaps)


def _taken(
    line: LineBack,
    parts: list[_Part],
    left: dict[str, int],
    reason: dict[str, str],
    command: OpenReturn | OpenExchange,
) -> list[dict[str, Any]]:
    """So many of a line out of the parcels that brought it."""
    wanted, listed = line.quantity, list[dict[str, Any]]()
    for part in parts:
        sent = part.fulfillmentLineItem
        taken = min(wanted, left[sent.id]) if number(sent.lineItem.id) == line.line_id else 0
        if taken > 0:
            left[sent.id] -= taken
            wanted -= taken
            said = note(command.key, line.reason, command.rma)
            listed.append({"fulfillmentLineItemId": sent.id, "quantity": taken, "returnReasonNote": said, **reason})
    if wanted:
        raise Refused("item_not_returnable", "Shopify does not have as many of the line to come back.")
    return listed


def _reason(reason: str | None, definitions: list[_Reason]) -> dict[str, str]:
    """Shopify's definition for our word, `other` for one that it has not."""
    said = (reason or "").strip().lower()
    handle = next((one for one, words in REASONS.items() if said == one or said in words), OTHER)
    ids = {one.handle: one.id for one in definitions if not one.deleted}
    found = ids.get(handle) or ids.get(OTHER)
    return {"returnReason": "OTHER"} if found is None else {"returnReasonDefinitionId": found}


def _receipt(found: list[Return], command: OpenReturn | OpenExchange) -> Receipt:
    first = next((one for one in found if one.status not in ENDED), found[0])
    back: Counter[str] = Counter()
    for line in first.returnLineItems.nodes:
        if line.fulfillmentLineItem is not None:
            back[number(line.fulfillmentLineItem.lineItem.id)] += line.quantity
    asked: Counter[str] = Counter()
    for line in _lines(command):
        asked[line.line_id] += line.quantity
    out = Counter({number(one.variantId or ""): one.quantity for one in first.exchangeLineItems.nodes})
    swaps = command.swaps if isinstance(command, OpenExchange) else ()
    wanted: Counter[str] = Counter()
    for swap in swaps:
        wanted[swap.variant_id] += swap.quantity
    same = back == asked and out == wanted and first.status in KNOWN
    evidence = {
        "id": number(first.id, "Return"),
        "name": first.name,
        "status": first.status,
        "as_asked": same,
        "returns": len(found),
    }
    return Receipt(status="succeeded" if same else "unknown", external_id=number(first.id, "Return"), evidence=evidence)
