"""Returns and exchanges at Medusa: opened, found again and closed.

A return begins as a draft, an *order change* that is filled and then confirmed. While one is open, Medusa does by half
what else it is asked to do to the order (`medusa_payments.py`): so whatever goes wrong in between, our draft is taken
away, and where somebody else has one open nothing is begun. Key and RMA stand in the metadata.

An exchange is a return and what goes out instead, which Medusa adds to the order and whose difference it notes as to be
paid; it charges nothing. Receiving the goods stays with whoever handles the parcel in Medusa.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import Any

from pydantic import Field

from app.integrations.commerce.contract import CloseReturn, LineBack, OpenExchange, OpenReturn
from app.integrations.commerce.medusa_effects import refuse_open_change, somebody_else
from app.integrations.commerce.medusa_shown import Count, Words
from app.integrations.commerce.medusa_wire import (
    DENIED,
    ID,
    MARK,
    Shop,
    Shown,
    about,
    afterwards,
    note,
    read,
    wanted_id,
)
from app.integrations.errors import OutcomeUnknown, ProviderError, Refused
from app.integrations.receipts import Receipt

DRAFT = "open"
ENDED = frozenset({"canceled", "received"})
KNOWN = ENDED | {"requested", "partially_received"}
MOST = 100
REFUSALS = {
    "not_fulfilled": "item_not_returnable",
    "quantity": "item_count_mismatch",
    "stock": "new_item_unavailable",
    "price": "new_item_unavailable",
    "variant": "new_item_not_found",
    "canceled": "order_not_delivered",
}
Open = OpenReturn | OpenExchange


class _Back(Shown):
    item_id: str
    quantity: Count


class _Item(Shown):
    variant_id: str | None = None


class _Out(Shown):
    quantity: Count
    item: _Item | None = None


class _Return(Shown):
    id: str
    status: str
    exchange_id: str | None = None
    metadata: Words | None = None
    items: list[_Back | None] = Field(default_factory=list[_Back | None])


class _Exchange(Shown):
    id: str
    canceled_at: str | None = None
    metadata: Words | None = None
    additional_items: list[_Out | None] = Field(default_factory=list[_Out | None])


class _Returns(Shown):
    returns: list[_Return]
    count: Count


class _Exchanges(Shown):
    exchanges: list[_Exchange]
    count: Count


class _Registered(Shown):
    """A return, or an exchange with its return."""

    id: str
    path: str
    status: str
    metadata: Words
    back: dict[str, int]
    out: dict[str, int] = Field(default_factory=dict[str, int])


class Returns:
    """The returns and exchanges of orders."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    async def open(self, command: Open) -> Receipt:
        """Have Medusa expect the goods, once for a key."""
        order_id = wanted_id(command.order_id, "order_not_found")
        kept = await self._of(order_id)
        if (made := _made(kept, command)) is not None:
            return made
        for one in kept:
            if one.status == DRAFT and MARK + command.key in one.metadata:  # a try of ours that was cut off
                await self._take_away(one.path)
        await refuse_open_change(self._shop, order_id)
        try:
            await self._ask(order_id, command)
        except ProviderError as error:
            # What was sent last may have been done: the draft that is taken away is then none any more.
            await self._clear(order_id, command, error)
            made = await afterwards(self.find(command))
            if made is None:
                raise _refused(error) from error
            return made
        unseen = Receipt(status="unknown", evidence={"order_id": command.order_id})
        return await afterwards(self.find(command)) or unseen

    async def find(self, command: Open) -> Receipt | None:
        """What stands under this key; None where nothing does. A draft is nothing."""
        return _made(await self._of(command.order_id), command)

    async def close(self, command: CloseReturn) -> Receipt:
        """Have the return or exchange of this RMA canceled; one that has been received has ended."""
        found = await self._of_rma(command)
        if found is None:
            raise Refused("return_not_found", "Medusa has no return with this RMA.")
        if found.status == DRAFT:
            await self._take_away(found.path)
            return Receipt(status="succeeded", external_id=found.id, evidence={"id": found.id, "status": "gone"})
        if found.status not in ENDED:
            await refuse_open_change(self._shop, command.order_id)
            await self._shop.post(f"{found.path}/cancel", {"no_notification": True})
        unseen = Receipt(status="unknown", evidence={"id": found.id})
        return await afterwards(self.find_closed(command)) or unseen

    async def find_closed(self, command: CloseReturn) -> Receipt | None:
        """Whether the return or exchange of this RMA has ended."""
        found = await self._of_rma(command)
        if found is None or found.status not in ENDED:
            return None
        return Receipt(status="succeeded", external_id=found.id, evidence={"id": found.id, "status": found.status})

    # ---- a draft --------------------------------------------------------------------------------------------------

    async def _ask(self, order_id: str, command: Open) -> None:
        """Begin, fill and confirm it."""
        begun: dict[str, Any] = {
            "order_id": order_id,
            "internal_note": note(command.key, command.rma),
            "metadata": {MARK + command.key: command.rma},
        }
        back = {"items": [_item(line, command) for line in _lines(command)]}
        if isinstance(command, OpenReturn):
            made = read(_Id, (await self._shop.post("/admin/returns", begun)).get("return"))
            path = f"/admin/returns/{made.id}"
            await self._shop.post(f"{path}/request-items", back)
        else:
            made = read(_Id, (await self._shop.post("/admin/exchanges", begun)).get("exchange"))
            path = f"/admin/exchanges/{made.id}"
            await self._shop.post(f"{path}/inbound/items", back)
            out = [{"variant_id": swap.variant_id, "quantity": swap.quantity} for swap in command.swaps]
            await self._shop.post(f"{path}/outbound/items", {"items": out})
        await self._shop.post(f"{path}/request", {"no_notification": True})

    async def _clear(self, order_id: str, command: Open, error: ProviderError) -> None:
        """Take our draft away; where even that fails the outcome is open, and the next try does it."""
        try:
            for one in await self._of(order_id):
                if one.status == DRAFT and MARK + command.key in one.metadata:
                    await self._take_away(one.path)
        except ProviderError as failed:
            raise OutcomeUnknown("a draft may have been left open in Medusa", evidence=error.evidence) from failed

    async def _take_away(self, path: str) -> None:
        with suppress(Refused):  # it is gone, or was confirmed a moment ago: whoever looks next will see
            await self._shop.delete(f"{path}/request")

    # ---- what there is --------------------------------------------------------------------------------------------

    async def _of_rma(self, command: CloseReturn) -> _Registered | None:
        found = [one for one in await self._of(command.order_id) if command.rma in one.metadata.values()]
        return min(found, key=lambda one: one.status in ENDED) if found else None

    async def _of(self, order_id: str) -> list[_Registered]:
        """The order's returns and exchanges, drafts too."""
        if not ID.fullmatch(order_id):
            return []
        asked = {"order_id": order_id, "limit": str(MOST)}
        fields = {"fields": "id,status,exchange_id,metadata,items.item_id,items.quantity"}
        returns = read(_Returns, await self._shop.get("/admin/returns", asked | fields))
        if returns.count > MOST:
            raise OutcomeUnknown("the order has more returns than can be read")
        found = [
            _Registered(
                id=one.id,
                path=f"/admin/returns/{one.id}",
                status=one.status,
                metadata=one.metadata or {},
                back=_counted(one),
            )
            for one in returns.returns
            if one.exchange_id is None
        ]
        return [*found, *await self._exchanges(asked, returns.returns)]

    async def _exchanges(self, asked: dict[str, str], returns: list[_Return]) -> list[_Registered]:
        fields = "id,canceled_at,metadata,additional_items.quantity,additional_items.item.variant_id"
        exchanges = read(_Exchanges, await self._shop.get("/admin/exchanges", asked | {"fields": fields}))
        found: list[_Registered] = []
        for one in exchanges.exchanges:
            own = next((ret for ret in returns if ret.exchange_id == one.id), None)
            out: Counter[str] = Counter()
            for item in one.additional_items:
                if item is not None and item.item is not None:
                    out[item.item.variant_id or ""] += item.quantity
            status = "canceled" if one.canceled_at else DRAFT if own is None else own.status
            found.append(
                _Registered(
                    id=one.id,
                    path=f"/admin/exchanges/{one.id}",
                    status=status,
                    metadata=one.metadata or {},
                    back={} if own is None else _counted(own),
                    out=dict(out),
                )
            )
        return found


class _Id(Shown):
    id: str


def _counted(shown: _Return) -> dict[str, int]:
    back: Counter[str] = Counter()
    for item in shown.items:
        if item is not None:
            back[item.item_id] += item.quantity
    return dict(back)


def _lines(command: Open) -> tuple[LineBack, ...]:
    """What comes back; Medusa wants a line once."""
    if isinstance(command, OpenReturn):
        listed = [(line.line_id, line.quantity, line.reason) for line in command.lines]
    else:
        listed = [(swap.line_id, swap.quantity, None) for swap in command.swaps]
    total: Counter[str] = Counter()
    reasons: dict[str, str | None] = {}
    for line_id, quantity, reason in listed:
        total[line_id] += quantity
        reasons[line_id] = reasons.get(line_id) or reason
    return tuple(LineBack(line_id=one, quantity=total[one], reason=reasons[one]) for one in total)


def _item(line: LineBack, command: Open) -> dict[str, Any]:
    return {"id": line.line_id, "quantity": line.quantity, "internal_note": note(command.key, line.reason)}


def _made(kept: list[_Registered], command: Open) -> Receipt | None:
    found = [one for one in kept if MARK + command.key in one.metadata and one.status != DRAFT]
    if not found:
        return None
    first = min(found, key=lambda one: one.status in ENDED)
    wanted: Counter[str] = Counter()
    for swap in command.swaps if isinstance(command, OpenExchange) else ():
        wanted[swap.variant_id] += swap.quantity
    asked = {line.line_id: line.quantity for line in _lines(command)}
    same = first.back == asked and first.out == dict(wanted) and first.status in KNOWN
    evidence = {"id": first.id, "status": first.status, "as_asked": same, "returns": len(found)}
    return Receipt(status="succeeded" if same else "unknown", external_id=first.id, evidence=evidence)


def _refused(error: ProviderError) -> ProviderError:
    """Medusa's no in our words; what is no no stays what it is."""
    if not isinstance(error, Refused) or error.code == DENIED:
        return error
    if about(error) == "open_change":
        return somebody_else()
    if error.code == "not_found":
        return Refused("order_not_found", "Medusa has no such order.", evidence=error.evidence)
    code = REFUSALS.get(about(error) or "", "item_not_returnable")
    return Refused(code, "Medusa refused the return.", evidence=error.evidence)
