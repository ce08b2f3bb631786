"""Another address for an order that has not shipped, and another address or contact for a customer."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import CustomerNotFound, Invalid, NoItems, NotOwner
from app.integrations.commerce.contract import Address, ChangeAddress, ChangeCustomer
from app.models.changes import Change
from app.models.customers import Customer
from app.services import customers, decisions, guard_facts, order_changes, orders
from app.services.callers import Caller
from app.services.order_changes import Wish
from app.services.proofs import phone_key

CONTACTS = ("email", "phone", "name")
NO_PHONE = {"pointer": "/phone", "code": "phone", "detail": "Send it with its country: +49 30 901820."}


def of_order(session: Session, caller: Caller, order_id: str, address: dict[str, str | None]) -> Change:
    """Send the order to another address; who receives it stays where `name` and `phone` are not given."""
    order = orders.get(session, caller, order_id, lock=True)
    order_changes.decide(session, caller, order, "change_address")
    wanted = _whole(address, order.snapshot.get("shipping_address"))
    external_id = order.external_id
    wish = Wish(
        kind="address",
        command=lambda key: ChangeAddress(key=key, order_id=external_id, address=wanted),
        plan={"address": wanted.model_dump(mode="json")},
    )
    return order_changes.begin(session, caller, wish, order=order)


def of_customer(
    session: Session,
    caller: Caller,
    customer_id: str,
    address: dict[str, str | None] | None,
    contacts: dict[str, str | None],
) -> Change:
    """Give the customer another default address or contact; what is None stays."""
    customer = session.scalar(select(Customer).where(Customer.id == customer_id).with_for_update())
    if customer is None or customer.external_id is None:
        raise CustomerNotFound
    decision = decisions.decide(
        session,
        caller,
        guard_facts.of_customer(
            session, caller, customer, "change_customer", owner=caller.shopper in (None, customer.id)
        ),
        subject=("customer", customer.id),
    )
    decisions.enforce(decision)
    order_changes.alone(session, customer)
    new = {name: contacts.get(name) for name in CONTACTS}
    if address is None and not any(new.values()):
        raise NoItems("Name an address or a contact.")
    if new["phone"] is not None and phone_key(new["phone"], caller.store.country_code) is None:
        raise Invalid("The phone number cannot be read.", errors=[NO_PHONE])
    wanted = None if address is None else _whole(address, customer.addresses[0] if customer.addresses else None)
    external_id = customer.external_id
    wish = Wish(
        kind="customer",
        command=lambda key: ChangeCustomer(key=key, customer_id=external_id, address=wanted, **new),
        plan={"address": None if wanted is None else wanted.model_dump(mode="json"), **new},
    )
    return order_changes.begin(session, caller, wish, customer=customer)


def _whole(address: dict[str, str | None], before: dict[str, Any] | None) -> Address:
    """The address as given; the person who receives there stays the same where nobody is named."""
    kept = {name: (before or {}).get(name) for name in ("name", "phone")}
    return Address(**{**kept, **{name: value for name, value in address.items() if value is not None}})


def owned(session: Session, caller: Caller, ref: str) -> Customer:
    """The customer, by our id or the shop's own; for a shopper anybody else is `not_owner`, known or not.

    To a shopper's own token nobody else exists.
    """
    try:
        return customers.get(session, caller, ref)
    except CustomerNotFound:
        if caller.shopper is not None and not caller.by_token:
            raise NotOwner("This is another customer.") from None
        raise
