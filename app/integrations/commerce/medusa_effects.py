"""Canceling at Medusa, and what is set there: an order's address, a customer's contacts.

- **Medusa has no idempotency**: our key goes into the metadata of the order or the customer, whose entries Medusa
  merges, and is looked for there. With what is set it goes in the same request; of a cancellation it is noted before,
  because nothing can be noted in an order that is canceled.
- **Canceling gives back what was captured**, at once (`medusa_payments.py`). While an order change is open it gives the
  money back, answers 400 and does not cancel: so none is sent then.
"""

from __future__ import annotations

import re
from typing import Any

from app.integrations.commerce.contract import Address, CancelOrder, ChangeAddress, ChangeCustomer
from app.integrations.commerce.medusa_orders import NOT_BEGUN
from app.integrations.commerce.medusa_payments import CANCEL
from app.integrations.commerce.medusa_shown import CUSTOMER_FIELDS, ShownAddress, ShownCustomer, Words
from app.integrations.commerce.medusa_wire import DENIED, ID, MARK, Shop, Shown, about, afterwards, read
from app.integrations.errors import NotExecuted, OutcomeUnknown, Refused
from app.integrations.receipts import Receipt

WAITING = frozenset({"pending", "requires_action"})
OPEN = ("pending", "requested")
"""Of an order change that is not confirmed yet."""
CHANGE_FIELDS = "id,status,change_type,return_id,exchange_id,internal_note"
_CODE = re.compile(r"[A-Z0-9]{1,3}", re.ASCII)


class State(Shown):
    """What is asked of an order before it is changed."""

    id: str
    status: str
    fulfillment_status: str | None = None
    canceled_at: str | None = None
    metadata: Words | None = None
    shipping_address: ShownAddress | None = None

    @property
    def waits(self) -> bool:
        """Whether it may still be changed."""
        return self.status in WAITING and (self.fulfillment_status or "") in NOT_BEGUN

    def noted(self, key: str) -> object:
        """What we have noted under the key."""
        return (self.metadata or {}).get(MARK + key)


STATE_FIELDS = "id,status,fulfillment_status,canceled_at,metadata,shipping_address.id,shipping_address.country_code"


class _Change(Shown):
    id: str
    status: str
    internal_note: str | None = None


class _Changes(Shown):
    order_changes: list[_Change]


class Effects:
    """What is canceled and what is set."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    async def state(self, order_id: str) -> State | None:
        """The order as it is now; None where there is none."""
        if not ID.fullmatch(order_id):
            return None
        said = await self._shop.find(f"/admin/orders/{order_id}", {"fields": STATE_FIELDS})
        if said is None:
            return None
        state = read(State, said.get("order"))
        if state.id != order_id:
            raise OutcomeUnknown("another order came back than was asked for")
        return state

    async def _waiting(self, order_id: str) -> State:
        state = await self.state(order_id)
        if state is None:
            raise Refused("order_not_found", "Medusa has no such order.")
        return state

    # ---- cancellations --------------------------------------------------------------------------------------------

    async def cancel(self, command: CancelOrder) -> Receipt:
        """Cancel; `Refused("order_not_pending")` once it is packed or canceled. Medusa gives the money back with it."""
        state = await self._waiting(command.order_id)
        if (made := _canceled(state, command)) is not None:
            return made
        if not state.waits:
            raise Refused("order_not_pending", "The order is packed, has shipped or is canceled.")
        await refuse_open_change(self._shop, state.id)
        path = f"/admin/orders/{state.id}"
        await self._shop.post(path, {"metadata": {MARK + command.key: CANCEL}})
        try:
            await self._shop.post(f"{path}/cancel", {})
        except Refused as refusal:
            made = await afterwards(self.find_cancellation(command))
            if made is not None:
                return made
            if about(refusal) == "open_change":  # the money has gone back, and the order stands
                raise OutcomeUnknown("Medusa has canceled it by half", evidence=refusal.evidence) from refusal
            raise _refused(refusal, "order_not_pending") from refusal
        unseen = Receipt(status="unknown", evidence={"order_id": command.order_id})
        return await afterwards(self.find_cancellation(command)) or unseen

    async def find_cancellation(self, command: CancelOrder) -> Receipt | None:
        """What the order says of this key; None where nothing happened."""
        state = await self.state(command.order_id)
        return None if state is None else _canceled(state, command)

    # ---- an order's address ---------------------------------------------------------------------------------------

    async def change_address(self, command: ChangeAddress) -> Receipt:
        """Set it and note our key, in one request. Medusa changes no country: `Refused("address_invalid")`."""
        state = await self._waiting(command.order_id)
        if state.noted(command.key) is not None:
            return _set(state.id)
        if not state.waits:
            raise Refused("order_not_pending", "The order is packed, has shipped or is canceled.")
        body = {"shipping_address": postal(command.address), "metadata": {MARK + command.key: "address"}}
        try:
            await self._shop.post(f"/admin/orders/{state.id}", body)
        except Refused as refusal:
            code = "order_not_pending" if about(refusal) == "canceled" else "address_invalid"
            raise _refused(refusal, code) from refusal
        unseen = Receipt(status="unknown", evidence={"order_id": command.order_id})
        return await afterwards(self.find_address(command)) or unseen

    async def find_address(self, command: ChangeAddress) -> Receipt | None:
        """Whether the order holds our key."""
        state = await self.state(command.order_id)
        return None if state is None or state.noted(command.key) is None else _set(state.id)

    # ---- a customer -----------------------------------------------------------------------------------------------

    async def change_customer(self, command: ChangeCustomer) -> Receipt:
        """Set the default address, where it is another, then contacts with our key: set twice it is the same."""
        customer = await self._customer(command)
        if customer is None:
            raise Refused("customer_not_found", "Medusa has no such customer.")
        if _holds(customer, command):
            return _set(customer.id)
        path = f"/admin/customers/{customer.id}"
        if command.address is not None:
            await self._address(customer, command.address)
        given: dict[str, Any] = {"metadata": {MARK + command.key: "customer"}}
        given |= {name: value for name in ("email", "phone") if (value := getattr(command, name)) is not None}
        if command.name is not None:
            given["first_name"], given["last_name"] = names(command.name)
        try:
            await self._shop.post(path, given)
        except Refused as refusal:
            if command.address is not None:  # a no is none where half of it stands
                raise OutcomeUnknown(
                    "the address is changed, and the rest is not", evidence=refusal.evidence
                ) from refusal
            codes = {"email": "email_invalid", "exists": "contact_taken"}
            raise _refused(refusal, codes.get(about(refusal) or "", "provider_refused")) from refusal
        return _set(customer.id)

    async def find_customer_change(self, command: ChangeCustomer) -> Receipt | None:
        """Whether the customer holds our key."""
        customer = await self._customer(command)
        return None if customer is None or not _holds(customer, command) else _set(customer.id)

    async def _customer(self, command: ChangeCustomer) -> ShownCustomer | None:
        if not ID.fullmatch(command.customer_id):
            return None
        said = await self._shop.find(f"/admin/customers/{command.customer_id}", {"fields": CUSTOMER_FIELDS})
        if said is None:
            return None
        customer = read(ShownCustomer, said.get("customer"))
        if customer.id != command.customer_id:
            raise OutcomeUnknown("another customer came back than was asked for")
        return customer

    async def _address(self, customer: ShownCustomer, address: Address) -> None:
        listed = sorted((one for one in customer.addresses if one), key=lambda one: not one.is_default_shipping)
        path = f"/admin/customers/{customer.id}/addresses" + (f"/{listed[0].id}" if listed else "")
        given = {**postal(address), "is_default_shipping": True}
        if listed and all((getattr(listed[0], name) or None) == (told or None) for name, told in given.items()):
            return  # an earlier try's: a no to a second one would say that nothing has changed
        try:
            await self._shop.post(path, given)
        except Refused as refusal:
            raise _refused(refusal, "address_invalid") from refusal


async def open_changes(shop: Shop, order_id: str) -> list[_Change]:
    """The order's changes that somebody has begun and not ended; Medusa has one at most."""
    asked: dict[str, str | list[str]] = {"fields": CHANGE_FIELDS, "status[]": list(OPEN)}
    said = await shop.get(f"/admin/orders/{order_id}/changes", asked)
    return [one for one in read(_Changes, said).order_changes if one.status in OPEN]


async def refuse_open_change(shop: Shop, order_id: str) -> None:
    """Raise NotExecuted while somebody else is changing the order: what is sent then is done by half."""
    if await open_changes(shop, order_id):
        raise somebody_else()


def somebody_else() -> NotExecuted:
    """The order is open for a change that is not ours: it will be asked again later."""
    return NotExecuted("somebody is changing the order in Medusa", evidence={"error": "open_change"}, retry_after=30.0)


def _canceled(state: State, command: CancelOrder) -> Receipt | None:
    """The cancellation of this key; None where the order is not canceled, or was by somebody else."""
    if state.status != "canceled" or state.noted(command.key) != CANCEL:
        return None
    evidence = {"order_id": command.order_id, "canceled_at": state.canceled_at}
    return Receipt(status="succeeded", external_id=command.order_id, evidence=evidence)


def _refused(refusal: Refused, code: str) -> Refused:
    """Medusa's no under our code; what is missing or not permitted keeps its own."""
    if refusal.code == DENIED:
        return refusal
    return Refused(code, "Medusa refused it.", evidence=refusal.evidence)


def _holds(customer: ShownCustomer, command: ChangeCustomer) -> bool:
    return MARK + command.key in (customer.metadata or {})


def _set(external_id: str) -> Receipt:
    return Receipt(status="succeeded", external_id=external_id, evidence={"id": external_id})


def names(name: str) -> tuple[str, str]:
    """First and last name, as Medusa keeps them: the last word is the last name."""
    first, _, last = name.strip().rpartition(" ")
    return first.strip(), last


def postal(address: Address) -> dict[str, Any]:
    """An address as Medusa takes it, what is None emptied; a state's code as `us-ny`."""
    first, last = names(address.name or "")
    country, province = (address.country_code or "").lower(), address.province or ""
    if country and _CODE.fullmatch(province):
        province = f"{country}-{province}".lower()
    told = {
        "first_name": first,
        "last_name": last,
        "address_1": address.address1 or "",
        "address_2": address.address2 or "",
        "city": address.city or "",
        "province": province,
        "postal_code": address.postal_code or "",
        "phone": address.phone or "",
    }
    return told | ({"country_code": country} if country else {})
