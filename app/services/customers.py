"""Customers as mirrored from the shop."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Boolean, Select, bindparam, func, or_, select
from sqlalchemy.orm import Session

from app import clock, ids
from app.database import insert_missing
from app.errors import CustomerNotFound, ProviderUnavailable
from app.integrations.commerce.contract import CustomerSnapshot
from app.integrations.errors import OutcomeUnknown, Refused
from app.models.customers import Customer
from app.services import events, open_changes, shop_texts, tombstones
from app.services.callers import Caller
from app.services.proofs import email_key, phone_key
from app.services.runtime import Runtime


def mirror(session: Session, caller: Caller, snapshot: CustomerSnapshot, *, anew: bool = False) -> Customer:
    """Bring our copy of a customer up to the shop's; a change is an event. Who goes on where they were merged.

    Of an erased person nothing is written: their empty row is the answer, unless they have begun `anew` since.
    """
    snapshot = shop_texts.of_customer(snapshot)
    fields: dict[str, Any] = {
        "email": snapshot.email,
        "email_key": email_key(snapshot.email) if snapshot.email else None,
        "phone": snapshot.phone,
        "phone_key": phone_key(snapshot.phone, caller.store.country_code) if snapshot.phone else None,
        "name": snapshot.name,
        "locale": snapshot.locale,
        "addresses": [address.model_dump(mode="json") for address in snapshot.addresses],
        "payment_methods": [method.model_dump(mode="json") for method in snapshot.payment_methods],
    }
    known = _by_external_id(session, caller, snapshot.external_id)
    if known is None:
        gone = None if anew else tombstones.of_customer(session, caller, snapshot.external_id)
        if gone is not None:
            return gone
        now = clock.now()
        made = insert_missing(
            session,
            Customer,
            {
                "id": ids.new("cus"),
                "store_id": caller.store_id,
                "livemode": caller.livemode,
                "external_id": snapshot.external_id,
                "event_sequence": 0,
                "created_at": now,
                "updated_at": now,
                **fields,
            },
        )
        known = _by_external_id(session, caller, snapshot.external_id)
        assert known is not None
        if made:
            events.record(session, "customer.created", known, view(known))
            return known
    differs = any(getattr(known, name) != value for name, value in fields.items())
    if differs and not open_changes.older_customer(session, known.id, snapshot):
        before = view(known)
        for name, value in fields.items():
            setattr(known, name, value)
        known.updated_at = clock.now()
        shown = view(known)
        changed = {name: before[name] for name in before if before[name] != shown[name]}
        events.record(session, "customer.updated", known, shown, previous=changed)
    return _who_goes_on(session, known)


def _who_goes_on(session: Session, found: Customer) -> Customer:
    return found if found.merged_into is None else session.get_one(Customer, found.merged_into)


def _by_external_id(session: Session, caller: Caller, external_id: str) -> Customer | None:
    return session.scalar(_BY_SHOPS_ID, _named(caller, external_id))


# Built once: every reading of an order asks them.
_OURS = select(Customer).where(
    Customer.store_id == bindparam("store"), Customer.livemode == bindparam("mode", type_=Boolean)
)
_BY_SHOPS_ID = _OURS.where(Customer.external_id == bindparam("named"))
_BY_EITHER = _OURS.where(or_(Customer.id == bindparam("named"), Customer.external_id == bindparam("named")))


def _named(caller: Caller, ref: str) -> dict[str, Any]:
    return {"store": caller.store_id, "mode": caller.livemode, "named": ref}


def get(session: Session, caller: Caller, ref: str) -> Customer:
    """By our id or the shop's own, also of one who was merged into them.

    Raises `customer_not_found` where this store has none such, or it is not the shopper.
    """
    found = _who_goes_on(session, row(session, caller, ref))
    if caller.shopper is not None and found.id != caller.shopper:
        raise CustomerNotFound
    return found


def row(session: Session, caller: Caller, ref: str) -> Customer:
    """The same, wherever they were merged; raises `customer_not_found`."""
    found = session.scalar(_BY_EITHER, _named(caller, ref))
    if found is None:
        raise CustomerNotFound
    return found


def meant(caller: Caller, ref: str) -> Select[str]:
    """Our ids of whoever has the id `ref`, ours or the shop's, and of whom they were merged into."""
    goes_on = func.coalesce(Customer.merged_into, Customer.id)
    return select(goes_on).where(
        Customer.store_id == caller.store_id,
        Customer.livemode == caller.livemode,
        or_(Customer.id == ref, Customer.external_id == ref),
    )


def accounts(session: Session, customer_id: str) -> list[str]:
    """The shop's ids of a customer: their own first, then those who were merged into them."""
    theirs = or_(Customer.id == customer_id, Customer.merged_into == customer_id)
    query = select(Customer.external_id).where(theirs, Customer.external_id.is_not(None))
    return [str(found) for found in session.scalars(query.order_by(Customer.merged_into.is_not(None), Customer.id))]


def view(customer: Customer) -> dict[str, Any]:
    """The customer as the contract shows it."""
    return {
        "id": customer.id,
        "livemode": customer.livemode,
        "external_id": customer.external_id,
        "email": customer.email,
        "phone": customer.phone,
        "name": customer.name,
        "locale": customer.locale,
        "addresses": customer.addresses,
        "payment_methods": [
            {"id": method["id"], "kind": method["kind"], "label": method["label"], "balance": _balance(method)}
            for method in customer.payment_methods
        ],
        "merged_into": customer.merged_into,
    }


def _balance(method: dict[str, Any]) -> dict[str, Any] | None:
    if method.get("balance") is None or method.get("currency") is None:
        return None
    return {"amount": method["balance"], "currency": method["currency"]}


def listed(
    session: Session, caller: Caller, filters: dict[str, str | None], *, before: str | None, limit: int
) -> Sequence[Customer]:
    """Newest first, from behind the id `before`; a shopper sees themselves."""
    query = select(Customer).where(Customer.store_id == caller.store_id, Customer.livemode == caller.livemode)
    if caller.shopper is not None:
        query = query.where(Customer.id == caller.shopper)
    if filters.get("email"):
        query = query.where(Customer.email_key == email_key(filters["email"] or ""))
    if filters.get("phone"):
        query = query.where(Customer.phone_key == phone_key(filters["phone"] or "", caller.store.country_code))
    if filters.get("external_id"):
        query = query.where(Customer.external_id == filters["external_id"])
    if before is not None:
        query = query.where(Customer.id < before)
    return session.scalars(query.order_by(Customer.id.desc()).limit(limit)).all()


async def fetch(
    runtime: Runtime, caller: Caller, *, email: str | None, phone: str | None, external_id: str | None
) -> None:
    """Ask the shop for customers by contact or id and mirror them."""
    commerce = runtime.providers(caller).commerce
    found: list[CustomerSnapshot] = []
    try:
        if external_id is not None:
            one = await commerce.get_customer(external_id)
            found += [one] if one is not None else []
        elif email is not None or phone is not None:
            found += await commerce.find_customers(email=email, phone=phone)
    except Refused:
        return
    except OutcomeUnknown as error:
        raise ProviderUnavailable from error
    for snapshot in found:
        await runtime.db.write(mirror, caller, snapshot)


async def fetch_missing(runtime: Runtime, caller: Caller, ref: str) -> None:
    """Mirror the customer with the shop's own id `ref` unless we have them; our own ids are never asked for."""
    if ref.startswith("cus_") or caller.shopper is not None:
        return
    try:
        await runtime.db.read(get, caller, ref)
    except CustomerNotFound:
        await fetch(runtime, caller, email=None, phone=None, external_id=ref)
