"""What a shopper reads of a withdrawal: what would follow from it, and the mail that acknowledges it."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.models.orders import Order
from app.models.stores import Store
from app.models.withdrawals import Withdrawal
from app.services.order_mails import listed
from app.services.order_views import lines_of
from app.services.policy.parts import Withdrawal as Right
from app.services.withdrawal_rights import Plan, back_by
from app.services.wording.dates import day
from app.services.wording.notices import tell


@dataclass(frozen=True, slots=True)
class Words:
    """A mail."""

    title: str
    text: str


def announcement(plan: Plan, language: str) -> str:
    """Step one: what would follow, and how it becomes binding."""
    parts: list[str] = []
    if plan.cancels:
        parts.append(tell("withdrawal.will_cancel", language))
    elif plan.unsent:
        parts.append(tell("withdrawal.will_refund", language))
    if plan.sent:
        parts.append(tell("withdrawal.will_return", language))
    return " ".join([*parts, tell("withdrawal.confirm", language)])


def acknowledgement(
    session: Session, store: Store, withdrawal: Withdrawal, order: Order, plan: Plan, rma: str | None, right: Right
) -> Words:
    """The mail after step two: what was declared and when, what is done, and until when the money is back."""
    language = withdrawal.language
    assert withdrawal.declared_at is not None
    assert withdrawal.refund_due_at is not None
    zone = ZoneInfo(store.timezone)
    declared, due = withdrawal.declared_at.astimezone(zone), withdrawal.refund_due_at.astimezone(zone)
    wanted = {**plan.unsent}
    for line_id, quantity in plan.sent.items():
        wanted[line_id] = wanted.get(line_id, 0) + quantity
    said = tell(
        "withdrawal.received",
        language,
        number=order.number,
        date=day(declared, language),
        time=f"{declared:%H:%M:%S} {declared.tzname()}",
    )
    lines = lines_of(session, order)
    whole = all(wanted.get(line.id, 0) >= line.quantity for line in lines)
    items = "\n".join(listed(line.title, wanted[line.id]) for line in lines if line.id in wanted)
    follows: list[str] = []
    if withdrawal.needs_person:
        follows.append(tell("withdrawal.person", language))
    elif plan.cancels:
        follows.append(tell("withdrawal.cancel", language))
    elif plan.unsent:
        follows.append(tell("withdrawal.refund", language))
    if rma is not None:
        back = day(back_by(declared, right), language)
        follows.append(tell("withdrawal.return", language, rma=rma, back=back))
    follows.append(tell("withdrawal.due" if whole else "withdrawal.due_part", language, due=day(due, language)))
    keep = tell("withdrawal.keep", language, reference=withdrawal.id)
    title = tell("withdrawal.subject", language, number=order.number)
    return Words(title, "\n\n".join([said, items, " ".join(follows), keep]))
