"""A store on the books that asks a person about every refund, and the words of its persons."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import select

from app.models.approvals import Approval
from app.models.records import Decision, Event
from app.models.refunds import Refund
from app.services import approval_votes, policies, refund_approvals
from app.services.callers import Caller
from app.services.policy.document import PolicyDocument
from app.services.refund_quotes import RefundSpec
from tests.services.money_fixtures import WIDE, Book, Line, Placed, person

ASKS: dict[str, Any] = {
    "caps": {"EUR": WIDE.model_dump()},
    "instant_refund": True,
    "auto_approve": {"refund": False, "exchange": False, "return": False},
}


def shown_as(amount: int) -> dict[str, Any]:
    """Money as the contract shows it."""
    return {"amount": amount, "currency": "EUR"}


async def obey(book: Book, caller: Caller, document: dict[str, Any]) -> None:
    """The store decides by this policy from now on."""
    checked = PolicyDocument.model_validate(document)
    made = await book.write(policies.create, person(caller), checked, None)
    await book.write(policies.activate, person(caller), made.id, None)


async def asking(book: Book, *lines: Line, **placed: Any) -> tuple[Caller, Placed, Caller]:
    """A store that asks a person about every refund, an order and its shopper."""
    caller = await book.store()
    await obey(book, caller, ASKS)
    order = await book.order(caller, *lines, **placed)
    return caller, order, await book.shopper(caller, order)


async def ask(book: Book, asker: Caller, order: Placed, *, decided: str = "refund", return_id=None, **spec: Any):
    """Ask for the refund of what has happened; `refund_approvals.request` has no other door."""
    said = await book.ledgers(asker, order)
    wanted = RefundSpec(**spec)
    return await book.write(
        refund_approvals.request, asker, order.id, said, wanted, return_id=return_id, decided=decided
    )


async def question(book: Book, refund: Refund) -> Approval:
    query = select(Approval).where(Approval.subject_id == refund.id)
    return await book.read(lambda s: s.scalars(query).one())


async def say(book: Book, caller: Caller, refund: Refund, *, yes: bool = True, by: str = "ana") -> Approval:
    """A named person's word."""
    asked = await question(book, refund)
    voter = replace(caller, agent=by)
    await approval_votes.decide(book.runtime, voter, asked.id, yes=yes, note="seen", keyed=None)
    return await question(book, refund)


async def now(book: Book, refund: Refund) -> Refund:
    return await book.read(lambda s: s.get_one(Refund, refund.id))


async def log(book: Book, refund: Refund) -> list[Event]:
    query = select(Event).where(Event.resource_id == refund.id).order_by(Event.sequence)
    return await book.read(lambda s: list(s.scalars(query)))


async def decided(book: Book, subject: str) -> list[Decision]:
    query = select(Decision).where(Decision.subject_id == subject).order_by(Decision.id)
    return await book.read(lambda s: list(s.scalars(query)))
