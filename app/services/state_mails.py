"""The shopper is told by mail that a return has started, has arrived, that a refund is paid or credit given: once each.

The intent is written in the transaction of the move, under a key of the thing and its state: a state that is reached
again, a job that runs again and a lost answer find that key and send no second mail.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.credits import Credit
from app.models.operations import Operation
from app.models.orders import Order, OrderLine
from app.models.refunds import Refund
from app.models.returns import Return
from app.models.stores import Store
from app.money import Money
from app.services import credits as store_credits
from app.services import notices, operations, refund_settlements, return_registrations, return_states
from app.services.callers import Caller
from app.services.order_mails import listed
from app.services.order_views import lines_of
from app.services.wording.notices import tell

STARTED, ARRIVED, PAID = "started", "arrived", "paid"
MOST_LINES = 100
"""Named in one mail; what is beyond is an ellipsis."""
ENDED = frozenset({"canceled", "expired"})


def key_of(thing_id: str, state: str) -> str:
    """The key of the one mail that tells of this state of this thing; it becomes the Message-ID."""
    return f"{thing_id}.{state}"


def return_started(session: Session, return_: Return) -> None:
    """Tell that a return was approved, as soon as the shop expects it too.

    Not where a message of the shopper's is being answered: that answer tells it.
    """
    if session.info.get("message_id") is not None:
        return
    order, caller = _about(session, return_)
    language = notices.language(session, caller, order)
    kind = "return" if return_.exchange_id is None else "exchange"
    items = _items(session, order, ((row.line_id, row.quantity) for row in return_states.lines_in(session, return_.id)))
    begun = tell(f"{kind}.started", language, rma=return_.rma, number=order.number)
    todo = tell("return.keep" if return_.method == "keep" else "return.send", language)
    title = tell(f"{kind}.started.subject", language, number=order.number)
    text = f"{begun}\n\n{items}\n\n{todo}"
    waits = return_registrations.waits(session, return_)
    _send(session, caller, order, ("return", return_.id), STARTED, title, text, waits=waits)


def _moved(session: Session, return_: Return, before: str) -> None:
    del before
    if return_.status == "received":
        _return_arrived(session, return_)
    elif return_.status in ENDED:
        _take_back(session, key_of(return_.id, STARTED))


def _return_arrived(session: Session, return_: Return) -> None:
    rows = [row for row in return_states.lines_in(session, return_.id) if row.received_quantity]
    if not rows:
        return  # nothing of it has
    order, caller = _about(session, return_)
    language = notices.language(session, caller, order)
    items = _items(session, order, ((row.line_id, row.received_quantity) for row in rows))
    arrived = tell("return.arrived", language, rma=return_.rma, number=order.number)
    title = tell("return.arrived.subject", language, number=order.number)
    _send(session, caller, order, ("return", return_.id), ARRIVED, title, f"{arrived}\n\n{items}")


def _registered(session: Session, return_: Return, said_yes: bool) -> None:  # noqa: FBT001  a hook's argument
    """The shop has answered: the mail that waited for its yes goes out now, or never."""
    mail = _mail(session, key_of(return_.id, STARTED))
    if mail is None or mail.status != "pending" or mail.schedule:
        return
    if said_yes:
        operations.start(session, mail)
    else:
        operations.cancel(session, mail)


def _refunded(session: Session, refund: Refund) -> None:
    if refund.status == "failed":
        _take_back(session, key_of(refund.id, PAID))
    if refund.status != "succeeded":
        return
    order, caller = _about(session, refund)
    language = notices.language(session, caller, order)
    way = {"store_credit": "refund.paid_credit", "payment_method": "refund.paid_method"}
    amount = Money(refund.amount, refund.currency).text(language)
    text = tell(way.get(refund.destination, "refund.paid"), language, amount=amount, number=order.number)
    title = tell("refund.paid.subject", language, number=order.number)
    _send(session, caller, order, ("refund", refund.id), PAID, title, text)


def _credited(session: Session, credit: Credit) -> None:
    """A goodwill credit for an order; one without an order is told by whoever gave it."""
    if credit.status == "failed":
        _take_back(session, key_of(credit.id, PAID))
    if credit.status != "succeeded" or credit.order_id is None:
        return
    order, caller = _about(session, credit)
    language = notices.language(session, caller, order)
    amount = Money(credit.amount, credit.currency).text(language)
    text = tell("refund.paid_credit", language, amount=amount, number=order.number)
    title = tell("credit.given.subject", language, number=order.number)
    _send(session, caller, order, ("credit", credit.id), PAID, title, text)


return_states.FOLLOWERS.append(_moved)
return_registrations.FOLLOWERS.append(_registered)
refund_settlements.FOLLOWERS.append(_refunded)
store_credits.MOVED.append(_credited)


# ---- one mail -----------------------------------------------------------------------------------------------------


def _send(
    session: Session,
    caller: Caller,
    order: Order,
    about: tuple[str, str],
    state: str,
    title: str,
    text: str,
    *,
    waits: bool = False,
) -> None:
    """Write the intent, unless this state was told of before; whoever calls holds the thing's lock."""
    key = key_of(about[1], state)
    if _mail(session, key) is None:
        notices.send(session, caller, order, about, title, text, key=key, waits=waits)


def _take_back(session: Session, key: str) -> None:
    """What is not true any more is not told where nothing of it has left us."""
    mail = _mail(session, key)
    if mail is not None and operations.untouched(session, mail):
        operations.cancel(session, mail)


def _mail(session: Session, key: str) -> Operation | None:
    return session.scalar(
        select(Operation)
        .where(Operation.provider_key == key)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def _about(session: Session, thing: Return | Refund | Credit) -> tuple[Order, Caller]:
    """The order, and the store itself as the one who writes."""
    store = session.get_one(Store, thing.store_id)
    caller = Caller(store, thing.livemode, key_id="", scopes=frozenset(), request_id="", automation=True)
    return session.get_one(Order, thing.order_id), caller


def _items(session: Session, order: Order, counted: Iterable[tuple[str, int]]) -> str:
    """So many of each line, in the order's own order."""
    counts = dict(counted)
    lines: list[OrderLine] = [line for line in lines_of(session, order) if line.id in counts]
    named = [listed(line.title, counts[line.id]) for line in lines[:MOST_LINES]]
    return "\n".join([*named, "…"] if len(lines) > MOST_LINES else named)
