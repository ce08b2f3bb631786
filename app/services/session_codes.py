"""The code of a shopper's session: the order is looked for, and its own contact is sent six digits.

Behind the answer, for each session that was asked for, so that to ask is as quick whether there is such an order.
The code goes where the order says, never where whoever asks says.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import clock, ids
from app.errors import NotConnected, ProviderUnavailable
from app.integrations.commerce.contract import OrderSnapshot
from app.models.operations import FINAL, Operation
from app.models.orders import Order
from app.models.storefronts import ShopperSession
from app.models.stores import Store
from app.services import durable, mirror, notices, operations, order_flights, orders, shopper_sessions
from app.services.callers import Caller
from app.services.notices import Notice
from app.services.proofs import email_key, phone_key
from app.services.runtime import Runtime
from app.services.shopper_sessions import JOB, Claim
from app.services.wording.notices import tell

ABOUT = "shopper_session"
MOST = 5
"""So many codes an hour go to one order's contact: nobody's mailbox is filled by a stranger."""
WITHIN = timedelta(hours=1)
WAITS = (2.0, 5.0, 15.0, 30.0, 60.0, 120.0)
"""Seconds until a shop that does not answer is asked again."""
COLUMNS = {"email": "email_key", "phone": "phone_key", "postal_code": "postal_key"}


@dataclass(frozen=True, slots=True)
class _Asked:
    caller: Caller
    claim: Claim


async def run(runtime: Runtime, session_id: str, schedule: int) -> None:
    """Look for the order and send the code, once; where the shop does not answer, later again."""
    asked = await runtime.db.read(_asked, session_id)
    if asked is None:
        return
    try:
        found = await _orders(runtime, asked)
    except (ProviderUnavailable, NotConnected):
        await runtime.db.write(_later, session_id, schedule)
        return
    order_id = None
    if len(found) == 1:
        order_id = (await order_flights.keep(runtime, asked.caller, found))[0]
    await runtime.db.write(_conclude, asked.caller, session_id, order_id)


def _asked(session: Session, session_id: str) -> _Asked | None:
    """What was claimed; None where that is settled, or too late."""
    row = session.get(ShopperSession, session_id)
    if row is None or row.status != "pending_verification" or row.contact_kind is None:
        return None
    if row.expires_at <= clock.now():
        return None
    store = session.get_one(Store, row.store_id)
    caller = Caller(store, row.livemode, key_id=row.key_id, scopes=frozenset(), request_id="", automation=True)
    return _Asked(caller, Claim(row.order_ref, row.contact_kind, row.contact_key))


async def _orders(runtime: Runtime, asked: _Asked) -> list[OrderSnapshot]:
    """The shop's orders of that number with that contact; it is asked by the same calls whatever it has."""
    claim = asked.claim
    if claim.order_ref is None or claim.contact_key is None:
        return []
    found = await order_flights.look_up(runtime, asked.caller, claim.order_ref)
    column = COLUMNS[claim.contact_kind]
    return [order for order in found if mirror.keys(asked.caller, order)[column] == claim.contact_key]


def _later(session: Session, session_id: str, schedule: int) -> None:
    if schedule <= len(WAITS):
        durable.enqueue(session, JOB, session_id, schedule + 1, delay=WAITS[schedule - 1])


def _conclude(session: Session, caller: Caller, session_id: str, order_id: str | None) -> None:
    """Forget the claim; where it fits an order, write down the code and the intent to send it."""
    row = session.get(ShopperSession, session_id, with_for_update=True)
    if row is None or row.status != "pending_verification" or row.contact_kind is None:
        return
    shopper_sessions.forget_claim(row)
    if order_id is None:
        return
    order = orders.get(session, caller, order_id, lock=True)
    to = _contact(session, caller, order)
    if order.customer_id is None or to is None or _sent_lately(session, order) >= MOST:
        return
    code = f"{secrets.randbelow(10**6):06d}"
    row.order_id, row.customer_id = order.id, order.customer_id
    row.code_hash = shopper_sessions.code_hash(row.id, code)
    _send(session, caller, row, order, to, code)


def _contact(session: Session, caller: Caller, order: Order) -> tuple[str, str] | None:
    """Channel and address: the order's e-mail address (else its customer's), else its phone number."""
    address = notices.address(session, order)
    if address is not None and email_key(address) is not None:
        return "email", address
    phone = order.snapshot.get("phone")
    digits = phone_key(phone, caller.store.country_code) if phone else None
    return None if digits is None else ("sms", f"+{digits}")


def _sent_lately(session: Session, order: Order) -> int:
    since = clock.now() - WITHIN
    query = select(func.count()).where(ShopperSession.order_id == order.id, ShopperSession.created_at > since)
    return session.scalar(query) or 0


def _send(session: Session, caller: Caller, row: ShopperSession, order: Order, to: tuple[str, str], code: str) -> None:
    language = notices.language(session, caller, order)
    operation_id = ids.new("opr")
    operations.request(
        session,
        operation_id=operation_id,
        caller=caller,
        kind=notices.KIND,
        provider="sandbox",
        command=Notice(
            key=operation_id,
            channel=to[0],
            to=to[1],
            subject=tell("code.subject", language),
            text=tell("code.text", language, code=code),
            language=language,
            until=row.expires_at,
        ),
        subject=(ABOUT, row.id),
    )


def _forget(session: Session, operation: Operation) -> None:
    """Once the code has gone out, or cannot, it is kept nowhere but as its hash."""
    del session
    if operation.status in FINAL:
        operation.command = {**operation.command, "text": ""}


notices.FOLLOWERS[ABOUT] = _forget
