"""Canceling at Shopify, and what is set there: an order's address, a customer's contacts.

`orderCancel` has no idempotency and ends in a job: our key stands in the cancellation's staff note, and an order is
read before it is canceled. What sets an order or a customer notes our key in a metafield in the same mutation.
"""

# ruff: noqa: N815  the fields have Shopify's names
from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from typing import Any

from pydantic import Field

from app.integrations.commerce import shopify_effect_documents as documents
from app.integrations.commerce.contract import Address, CancelOrder, ChangeAddress, ChangeCustomer
from app.integrations.commerce.shopify_orders import NOT_BEGUN
from app.integrations.commerce.shopify_wire import NAMESPACE, Shop, Shown, afterwards, gid, note, noted, read
from app.integrations.errors import OutcomeUnknown, Refused
from app.integrations.receipts import Receipt

LOOKS = (0.2, 0.5, 1.0)
"""Seconds before each look at the job of a cancellation; what is not done then is pending."""
JOBS = 1000
"""Of cancellations, remembered by this process so that one that runs is not asked for again."""
REASONS = {
    "asked by the shopper": "CUSTOMER",
    "customer": "CUSTOMER",
    "no longer needed": "CUSTOMER",
    "ordered by mistake": "CUSTOMER",
    "fraud": "FRAUD",
    "inventory": "INVENTORY",
    "out of stock": "INVENTORY",
    "declined": "DECLINED",
    "staff": "STAFF",
}
CANCEL_REFUSALS = {"NOT_FOUND": "order_not_found", "INVALID": "order_not_pending"}
ADDRESS_REFUSALS = {
    "not found": "order_not_found",
    "does not exist": "order_not_found",
    "zip": "address_invalid",
    "address": "address_invalid",
    "country": "address_invalid",
    "province": "address_invalid",
}
CUSTOMER_REFUSALS = {
    "taken": "contact_taken",
    "email": "email_invalid",
    "phone": "phone_invalid",
    "not found": "customer_not_found",
    **dict.fromkeys(("zip", "address", "country", "province"), "address_invalid"),
}
_CODE = re.compile(r"[A-Z0-9]{1,3}", re.ASCII)


class _Note(Shown):
    staffNote: str | None = None


class Noted(Shown):
    """A metafield."""

    value: str


class _State(Shown):
    id: str
    cancelledAt: str | None = None
    displayFulfillmentStatus: str
    cancellation: _Note | None = None
    metafield: Noted | None = None


class _Home(Shown):
    id: str
    firstName: str | None = None
    lastName: str | None = None
    address1: str | None = None
    address2: str | None = None
    city: str | None = None
    province: str | None = None
    provinceCode: str | None = None
    countryCode: str | None = Field(None, alias="countryCodeV2")
    zip: str | None = None
    phone: str | None = None


class _Customer(Shown):
    id: str
    defaultAddress: _Home | None = None
    metafield: Noted | None = None


class _Job(Shown):
    id: str
    done: bool


class Effects:
    """What is canceled and what is set."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._jobs: OrderedDict[str, str] = OrderedDict()

    # ---- cancellations --------------------------------------------------------------------------------------------

    async def cancel(self, command: CancelOrder) -> Receipt:
        """Cancel without moving money; `Refused("order_not_pending")` once it has shipped or is canceled."""
        state = await self._state(command.order_id, command.key)
        if state is None:
            raise Refused("order_not_found", "Shopify has no such order.")
        made = _canceled(state, command)
        if made is not None:
            return made
        _must_wait(state)
        payload = await self._shop.change(
            documents.CANCEL,
            "orderCancel",
            CANCEL_REFUSALS,
            id=state.id,
            reason=REASONS.get(command.reason.strip().lower(), "OTHER"),
            notify=command.notify,
            note=note(command.key, command.reason),
        )
        if payload.get("job") is not None:
            self._jobs[command.key] = read(_Job, payload["job"]).id
            if len(self._jobs) > JOBS:
                self._jobs.popitem(last=False)
        for wait in LOOKS:
            found = await afterwards(self.find_cancellation(command))
            if found is not None and found.status != "pending":
                return found
            await asyncio.sleep(wait)
        return Receipt(status="pending", external_id=command.order_id, evidence={"status": "job"})

    async def find_cancellation(self, command: CancelOrder) -> Receipt | None:
        """What the order says of this key, and the job where this process began it; None where nothing happened."""
        state = await self._state(command.order_id, command.key)
        made = None if state is None else _canceled(state, command)
        job = self._jobs.get(command.key)
        if made is not None or job is None:
            return made
        said = (await self._shop.ask(documents.JOB, id=job)).get("job")
        if said is None:
            return None
        if not read(_Job, said).done:
            return Receipt(status="pending", external_id=command.order_id, evidence={"status": "job"})
        state = await self._state(command.order_id, command.key)  # it may have ended between the two questions
        made = None if state is None else _canceled(state, command)
        if made is None:
            del self._jobs[command.key]
        return made

    async def _state(self, order_id: str, key: str) -> _State | None:
        wanted = gid("Order", order_id)
        if wanted is None:
            return None
        said = (await self._shop.ask(documents.ORDER_STATE, id=wanted, namespace=NAMESPACE, key=key)).get("order")
        if said is None:
            return None
        state = read(_State, said)
        if state.id != wanted:
            raise OutcomeUnknown("another order came back than was asked for")
        return state

    # ---- an order's address ---------------------------------------------------------------------------------------

    async def change_address(self, command: ChangeAddress) -> Receipt:
        """Set it and note our key, in one mutation."""
        state = await self._state(command.order_id, command.key)
        if state is None:
            raise Refused("order_not_found", "Shopify has no such order.")
        if state.metafield is not None:
            return _set(command.order_id)
        _must_wait(state)
        entry = {"namespace": NAMESPACE, "key": command.key, "type": "single_line_text_field", "value": "address"}
        asked = {"id": state.id, "shippingAddress": mailing(command.address), "metafields": [entry]}
        payload = await self._shop.change(
            documents.UPDATE_ORDER,
            "orderUpdate",
            ADDRESS_REFUSALS,
            input=asked,
            namespace=NAMESPACE,
            key=command.key,
        )
        made = read(_Updated, payload.get("order"))
        same = made.id == state.id and made.metafield is not None
        return _set(command.order_id) if same else Receipt(status="unknown", evidence={"id": made.id})

    async def find_address(self, command: ChangeAddress) -> Receipt | None:
        """Whether the order holds our key."""
        state = await self._state(command.order_id, command.key)
        return None if state is None or state.metafield is None else _set(command.order_id)

    # ---- a customer -----------------------------------------------------------------------------------------------

    async def change_customer(self, command: ChangeCustomer) -> Receipt:
        """Set the default address, where it is another, then contacts with our key: set twice it is the same."""
        customer = await self._customer(command)
        if customer is None:
            raise Refused("customer_not_found", "Shopify has no such customer.")
        if customer.metafield is not None:
            return _set(command.customer_id)
        if command.address is not None:
            await self._address(customer, command.address)
        entry = {"namespace": NAMESPACE, "key": command.key, "type": "single_line_text_field", "value": "customer"}
        given: dict[str, Any] = {"id": customer.id, "metafields": [entry]}
        given |= {name: value for name in ("email", "phone") if (value := getattr(command, name)) is not None}
        if command.name is not None:
            given["firstName"], given["lastName"] = names(command.name)
        change = self._shop.change(documents.UPDATE_CUSTOMER, "customerUpdate", CUSTOMER_REFUSALS, input=given)
        await (change if command.address is None else afterwards(change))  # a no is none where half of it stands
        return _set(command.customer_id)

    async def find_customer_change(self, command: ChangeCustomer) -> Receipt | None:
        """Whether the customer holds our key."""
        customer = await self._customer(command)
        return None if customer is None or customer.metafield is None else _set(command.customer_id)

    async def _customer(self, command: ChangeCustomer) -> _Customer | None:
        wanted = gid("Customer", command.customer_id)
        if wanted is None:
            return None
        asked = {"id": wanted, "namespace": NAMESPACE, "key": command.key}
        said = (await self._shop.ask(documents.CUSTOMER_STATE, **asked)).get("customer")
        if said is None:
            return None
        customer = read(_Customer, said)
        if customer.id != wanted:
            raise OutcomeUnknown("another customer came back than was asked for")
        return customer

    async def _address(self, customer: _Customer, address: Address) -> None:
        given, home = mailing(address), customer.defaultAddress
        if home is not None and all((getattr(home, name) or None) == (told or None) for name, told in given.items()):
            return  # an earlier try's: a no to a second one would say that nothing has changed
        if home is None:
            await self._shop.change(
                documents.CREATE_ADDRESS,
                "customerAddressCreate",
                CUSTOMER_REFUSALS,
                customer=customer.id,
                address=given,
            )
            return
        await self._shop.change(
            documents.UPDATE_ADDRESS,
            "customerAddressUpdate",
            CUSTOMER_REFUSALS,
            customer=customer.id,
            id=home.id,
            address=given,
        )


class _Updated(Shown):
    id: str
    metafield: Noted | None = None


def _must_wait(state: _State) -> None:
    if state.cancelledAt is not None or state.displayFulfillmentStatus not in NOT_BEGUN:
        raise Refused("order_not_pending", "The order has shipped or is canceled.")


def _canceled(state: _State, command: CancelOrder) -> Receipt | None:
    """The cancellation of this key; None where the order is not canceled, or was by somebody else."""
    key = noted(state.cancellation.staffNote if state.cancellation else None)[0]
    if state.cancelledAt is None or key != command.key:
        return None
    evidence = {"order_id": command.order_id, "canceled_at": state.cancelledAt}
    return Receipt(status="succeeded", external_id=command.order_id, evidence=evidence)


def _set(external_id: str) -> Receipt:
    return Receipt(status="succeeded", external_id=external_id, evidence={"id": external_id})


def names(name: str) -> tuple[str, str]:
    """First and last name, as Shopify wants them apart: the last word is the last name."""
    first, _, last = name.strip().rpartition(" ")
    return first.strip(), last


def mailing(address: Address) -> dict[str, Any]:
    """An address as Shopify takes it; what is None is emptied."""
    first, last = names(address.name or "")
    province = address.province or ""
    coded = _CODE.fullmatch(province) is not None
    given: dict[str, Any] = {
        "firstName": first,
        "lastName": last,
        "address1": address.address1,
        "address2": address.address2,
        "city": address.city,
        "provinceCode" if coded or not province else "province": province or None,
        "countryCode": address.country_code,
        "zip": address.postal_code,
        "phone": address.phone,
    }
    return given
