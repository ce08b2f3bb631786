"""What a shop passes on of a person's rights, acted on: handed out, erased, or, for a whole shop, waited with.

Each is one row, one ticket and one audit row, once for each delivery. A person is erased as by our own API, at once or
as soon as what is open of theirs has ended. Of a whole shop's persons: `shop_erasures.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import clock, ids
from app.errors import ErasureTooEarly, PrivacyRequestEnded, PrivacyRequestNotFound
from app.models.connections import Connection, InboundDelivery
from app.models.customers import Customer
from app.models.orders import Order
from app.models.privacy_requests import PrivacyRequest
from app.models.stores import Store
from app.models.tickets import Ticket
from app.services import audit, events, handovers, inbound, tickets, tombstones
from app.services.callers import Caller
from app.services.inbound import Delivered
from app.services.privacy import erasing, exports
from app.services.tickets import TicketSpec

TAG = "privacy"
DAYS = timedelta(days=30)
"""Within which a shop wants it done."""
GRACE = timedelta(days=14)
"""For so long a named person can stop the erasure of a whole shop."""
AGAIN = timedelta(hours=1)
AT_ONCE = 20
ENDED = frozenset({"done", "stopped"})


def take(session: Session, caller: Caller, delivered: Delivered) -> dict[str, Any]:
    """Do it, or have it done; the delivery's own request where it came before. Gives its id and the ticket's."""
    connection = session.get_one(Connection, delivered.connection_id, with_for_update=True)
    asked = delivered.document["asked"]
    same = [PrivacyRequest.delivery_id == delivered.id]
    if asked == "shop_redact":  # there is one at a time: another call of the same shop joins it
        here = (PrivacyRequest.connection_id == connection.id) & (PrivacyRequest.asked == asked)
        same = [same[0] | (here & PrivacyRequest.status.not_in(ENDED))]
    known = session.scalar(select(PrivacyRequest).where(*same).order_by(PrivacyRequest.id.desc()).limit(1))
    if known is None:
        with events.caused_by(caller.connection):
            known = _begin(session, caller, connection, delivered)
    return {"request": known.id, "ticket": known.ticket_id}


def _begin(session: Session, caller: Caller, connection: Connection, delivered: Delivered) -> PrivacyRequest:
    document, asked, now = delivered.document, delivered.document["asked"], clock.now()
    customer = None if asked == "shop_redact" else _person(session, caller, document)
    # A ticket about what is erased is not the person's: it would be erased with them.
    own = customer.id if customer is not None and asked == "data_request" else None
    spec = TicketSpec(channel="api", subject=f"{connection.name}: {asked}", priority="high", priority_reasons=(TAG,),
                      customer_id=own, tags=(TAG, asked))  # fmt: skip
    ticket = tickets.create(session, caller, spec)
    request = PrivacyRequest(
        id=ids.new("prv"),
        store_id=caller.store_id,
        livemode=caller.livemode,
        created_at=now,
        connection_id=connection.id,
        delivery_id=delivered.id,
        asked=asked,
        status="waiting",
        customer_id=None if customer is None else customer.id,
        ticket_id=ticket.id,
        due_at=delivered.received + DAYS,
        next_look_at=now,
        erased=0,
        outcome={},
    )
    session.add(request)
    session.flush()
    events.record(session, "privacy_request.created", request, view(request))
    note(session, caller, request, f"privacy.{asked}", {"delivery": delivered.id, "request": document["request_id"]})
    if asked == "shop_redact":
        starts_at = request.starts_at = delivered.received + GRACE
        summary = f"{connection.name} says that the app was taken out of it, and asks to erase its persons."
        step = (
            f"On {clock.rfc3339(starts_at)[:10]} all of them are erased, unless the app is in the shop again."
            f" There is no way back. POST /v1/privacy-requests/{request.id}/decide stops it, or does it at once."
        )
        hand_over(session, request, summary, step)
    elif customer is None:
        finish(session, request, "done", {"reason": "person_unknown"})
        if asked == "data_request":
            hand_over(session, request, "Nothing is held of this person.", "Tell them so.")
    elif asked == "data_request":
        _hand_out(session, caller, request, customer)
    else:
        _erase(session, caller, request)
    return request


def _person(session: Session, caller: Caller, document: dict[str, Any]) -> Customer | None:
    """Who is meant, also if they were erased before. A guest whose orders the shop names becomes a customer."""
    external_id = document.get("customer_id")
    here = {"store_id": caller.store_id, "livemode": caller.livemode}
    if external_id is not None:
        query = select(Customer).filter_by(**here, external_id=external_id)
        found = session.scalar(query) or tombstones.of_customer(session, caller, external_id)
        if found is not None:
            return found
    named = cast("list[str]", document.get("order_ids") or [])
    if not named:
        return None
    guests = select(Order).filter_by(**here, customer_id=None).where(Order.external_id.in_(named))
    orders = session.scalars(guests.with_for_update()).all()
    return None if not orders else adopt(session, caller, orders, external_id)


def adopt(session: Session, caller: Caller, orders: Sequence[Order], external_id: str | None = None) -> Customer:
    """A customer for a guest's orders, so that what is held of them can be found."""
    now, first = clock.now(), orders[0]
    made = Customer(
        id=ids.new("cus"),
        store_id=caller.store_id,
        livemode=caller.livemode,
        external_id=external_id,
        email_key=first.email_key,
        addresses=[],
        payment_methods=[],
        created_at=now,
        updated_at=now,
    )
    session.add(made)
    session.flush()
    for order in orders:
        order.customer_id = made.id
    session.flush()
    return made


def _hand_out(session: Session, caller: Caller, request: PrivacyRequest, customer: Customer) -> None:
    """Say where the document is had; a copy of it here would be read by whoever may read files."""
    document = exports.export(session, caller, customer.id)
    rows = {name: len(found) for name, found in document["data"].items() if found}
    path = f"/v1/customers/{document['customer']}/export"
    finish(session, request, "done", {"export": path, "rows": rows, "files": len(document["files"])})
    summary = f"A person asks for their data: {sum(rows.values())} rows and {len(document['files'])} files are held."
    step = f"Check who asks, and hand them what GET {path} tells (privacy:read)."
    hand_over(session, request, f"{summary} It is to be done by {clock.rfc3339(request.due_at)[:10]}.", step)


# ---- one person's erasure ----------------------------------------------------------------------------------------


def _erase(session: Session, caller: Caller, request: PrivacyRequest) -> None:
    """As by our own API; while something of theirs is open it is tried again, and a person sees what that is."""
    customer = session.get_one(Customer, request.customer_id)
    shop_id = customer.external_id
    try:
        with session.begin_nested():
            statement = erasing.erase(session, caller, customer.id)
    except ErasureTooEarly as early:
        holding: dict[str, Any] = {"holds": early.errors}
        request.next_look_at = clock.now() + AGAIN
        if request.outcome != holding:
            request.outcome = holding
            day = clock.rfc3339(request.due_at)[:10]
            named = ", ".join(sorted({str(one["pointer"]).lstrip("/") for one in early.errors}))
            summary = f"{request.customer_id} is to be erased by {day}, and this has not ended: {named}."
            hand_over(session, request, summary, "End or cancel it: they are erased within an hour then.")
        return
    request.erased = 1
    _forget_calls(session, request, shop_id)
    finish(session, request, "done", {"statement": {name: statement[name] for name in ("erased_at", "kept")}})


def _forget_calls(session: Session, request: PrivacyRequest, shop_id: str | None) -> None:
    """The shop's id of an erased person stays in none of its calls, this one among them."""
    of = InboundDelivery.resource == f"privacy:{shop_id}"
    mine = (InboundDelivery.connection_id == request.connection_id) & of & (InboundDelivery.status != "pending")
    this = InboundDelivery.id == request.delivery_id
    session.execute(update(InboundDelivery).where(this | mine).values(document={}, resource=tombstones.ERASED))


def tend(session: Session) -> int:
    """Erase the persons of whom something was open; how many requests were looked at."""
    due = (
        select(PrivacyRequest)
        .where(
            PrivacyRequest.status == "waiting",
            PrivacyRequest.asked == "customer_redact",
            PrivacyRequest.next_look_at <= clock.now(),
        )
        .order_by(PrivacyRequest.next_look_at)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    found = session.scalars(due).all()
    for request in found:
        _erase(session, caller_of(session, request), request)
    return len(found)


# ---- what a person decides ---------------------------------------------------------------------------------------


def decide(session: Session, caller: Caller, request_id: str, decision: str) -> PrivacyRequest:
    """A named person stops it, or has it done at once; raises `privacy_request_ended` where it is too late."""
    request = get(session, caller, request_id, lock=True)
    person = caller.named_person()
    if request.status in ENDED:
        raise PrivacyRequestEnded
    request.decided_by = person
    note(session, caller, request, f"privacy_request.{decision}", {"person": person})
    if decision == "stop":
        finish(session, request, "stopped", {"reason": "stopped_by_person"})
        return request
    request.next_look_at = clock.now()
    request.starts_at = None if request.starts_at is None else clock.now()
    session.flush()
    events.record(session, "privacy_request.updated", request, view(request))
    return request


# ---- as it is read and told --------------------------------------------------------------------------------------


def get(session: Session, caller: Caller, request_id: str, *, lock: bool = False) -> PrivacyRequest:
    """The request, or `privacy_request_not_found`."""
    query = select(PrivacyRequest).filter_by(id=request_id, store_id=caller.store_id, livemode=caller.livemode)
    found = session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise PrivacyRequestNotFound
    return found


def listed(session: Session, caller: Caller, before: str | None, limit: int) -> list[dict[str, Any]]:
    """Newest first, from behind the id `before`."""
    query = select(PrivacyRequest).filter_by(store_id=caller.store_id, livemode=caller.livemode)
    query = query if before is None else query.where(PrivacyRequest.id < before)
    return [view(row) for row in session.scalars(query.order_by(PrivacyRequest.id.desc()).limit(limit))]


def view(row: PrivacyRequest) -> dict[str, Any]:
    """The request as the contract shows it."""
    moments = ("due_at", "starts_at", "created_at", "ended_at")
    told = {name: getattr(row, name) for name in moments}
    return {
        "id": row.id,
        "livemode": row.livemode,
        "connection": row.connection_id,
        "asked": row.asked,
        "status": row.status,
        "customer": row.customer_id,
        "ticket": row.ticket_id,
        "erased": row.erased,
        "outcome": row.outcome,
        "decided_by": row.decided_by,
        **{name: None if at is None else clock.rfc3339(at) for name, at in told.items()},
    }


def caller_of(session: Session, request: PrivacyRequest) -> Caller:
    """The connection as the caller: what was asked through it is done in its name."""
    store = session.get_one(Store, request.store_id)
    return inbound.caller_of(store, session.get_one(Connection, request.connection_id), request.delivery_id)


def finish(session: Session, request: PrivacyRequest, status: str, outcome: dict[str, Any]) -> None:
    """It has ended; its ticket is solved, and says what is kept."""
    before = request.status
    request.move(status)
    request.outcome, request.next_look_at, request.ended_at = outcome, None, clock.now()
    session.flush()
    events.record(session, f"privacy_request.{status}", request, view(request), previous={"status": before})
    ticket = session.get_one(Ticket, request.ticket_id, with_for_update=True)
    if ticket.status not in {"closed", "solved"}:
        pack = {**(ticket.handoff or {}), "summary": f"{request.asked}: {status}.", "outcome": outcome}
        ticket.handoff = {"reason": f"{TAG}_{request.asked}", "next_step": "Nothing is left to do.", **pack}
        tickets.change(session, ticket, {"status": "solved"})


def hand_over(session: Session, request: PrivacyRequest, summary: str, next_step: str) -> None:
    """Give the ticket to a person."""
    ticket = session.get_one(Ticket, request.ticket_id, with_for_update=True)
    if ticket.status == "closed":
        return
    pack: dict[str, Any] = {
        "reason": f"{TAG}_{request.asked}",
        "summary": summary,
        "next_step": next_step,
        "privacy_request": request.id,
        "outcome": request.outcome,
        "asked": None,
        "proof": ticket.proof,
        "language": ticket.language,
        **handovers.gathered(session, ticket),
    }
    tickets.hand_off(session, ticket, pack)


def note(session: Session, caller: Caller, request: PrivacyRequest, action: str, evidence: dict[str, Any]) -> None:
    """One row of the audit trail."""
    audit.write(
        session,
        action=action,
        subject_type="privacy_request",
        subject_id=request.id,
        actor=caller.actor(),
        store_id=caller.store_id,
        livemode=caller.livemode,
        evidence=evidence,
        request_id=caller.request_id,
    )
