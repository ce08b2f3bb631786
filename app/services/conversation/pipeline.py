"""The main job: redact, deduplicate, identify, find or open the ticket, triage, answer or act or hand over, reply.

What is outside is asked before the transaction; everything that follows from the message (ticket, message, decisions,
intents with their jobs, reply) commits in one, so that an acknowledged message is whole and a lost one is nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import ids
from app.errors import AppError
from app.models.customers import Customer
from app.models.tickets import Message, Ticket
from app.services import deliveries, file_links, orders, parcel_alerts, ticket_clocks, tickets, tombstones
from app.services.callers import Caller
from app.services.conversation import answers, handoffs, identity, plans, senders, threads
from app.services.conversation.acts import carry_out
from app.services.conversation.identity import Who
from app.services.conversation.inbound import Inbound, redacted
from app.services.conversation.scenes import Scene, Turn
from app.services.idempotency import Keyed, once
from app.services.orders import Ledgers
from app.services.runtime import Runtime
from app.services.tickets import MessageSpec
from app.services.triage.contract import Triage, Triager
from app.services.triage.plain import PlainTriager
from app.services.wording import LANGUAGES, language_of, say

TRIAGER: Triager = PlainTriager()
AUTOMATION = {"type": "automation", "id": None}
STATUS_AFTER = {
    "answered": "pending_customer",
    "acted": "pending_customer",
    "awaiting_customer": "pending_customer",
    "handed_off": "open",
    "acknowledged": "open",
}


class Repeated(Exception):
    """The message is here already."""

    def __init__(self, message_id: str) -> None:
        super().__init__(message_id)
        self.message_id = message_id


@dataclass(frozen=True, slots=True)
class _Read:
    """All that was learned before the transaction."""

    inbound: Inbound
    triage: Triage
    who: Who
    plan: plans.Plan
    ledgers: dict[str, Ledgers]


@dataclass(frozen=True, slots=True)
class Received:
    """Our id of the message, and its first answer where nothing that it set going is still under way."""

    id: str
    answer: dict[str, Any] | None


async def receive(runtime: Runtime, caller: Caller, inbound: Inbound, keyed: Keyed | None) -> Received:
    """Take a message in and answer it; raises `Repeated` where its channel has delivered it before."""
    clean = await redacted(runtime, caller, inbound)
    if clean.external_id is not None or clean.ticket_id is not None:
        await runtime.db.read(_look, caller, clean)
    triage = TRIAGER.triage(clean.text, clean.locale)
    # Looked up by what was really sent: an id of the shop's that looks like a card is not known yet, and is kept
    # nowhere unless the shop knows it.
    who = await identity.identify(runtime, caller, inbound, triage)
    plan = plans.plan_of(triage, clean.text, clean.button)
    who, ledgers = await _money_facts(runtime, caller, who, plan)
    learned = _Read(clean, triage, who, plan, ledgers)

    def write(session: Session) -> Received:
        message = once(session, keyed, "message", _handle, caller, learned)
        session.flush()
        shown = answers.view(session, caller, message.id)
        if answers.is_open(shown):
            return Received(message.id, None)
        answers.keep_answer(session, message.id, shown)
        return Received(message.id, shown)

    return await runtime.db.write(write)


def _look(session: Session, caller: Caller, inbound: Inbound) -> None:
    """Whether there is anything to do, before anybody is asked: not for a message or a ticket that is not."""
    known = _known(session, caller, inbound)
    if known is not None:
        raise Repeated(known)
    threads.check_named(session, caller, inbound)


def _known(session: Session, caller: Caller, inbound: Inbound) -> str | None:
    if inbound.external_id is None:
        return None
    gone = tombstones.message_id(caller.store, inbound.channel, inbound.external_id)
    return session.scalar(
        select(Message.id).where(
            Message.store_id == caller.store_id,
            Message.livemode == caller.livemode,
            Message.channel == inbound.channel,
            Message.external_id.in_((inbound.external_id, gone)),
        )
    )


async def _money_facts(runtime: Runtime, caller: Caller, who: Who, plan: plans.Plan) -> tuple[Who, dict[str, Ledgers]]:
    """For an act: the one order fresh from the shop, and the provider's ledger of its payments."""
    if plan not in plans.MOVES_SOMETHING or who.proof < 1 or not who.orders:
        return who, {}
    acting = caller.acting_for(who.customer_id, who.proof)
    facts = await runtime.db.read(_facts, acting, who.orders)
    chosen, _ = plans.choose(plan, facts, named=who.named)
    if chosen is None:
        return who, {}
    try:
        await orders.load(runtime, acting, chosen.id, fresh=True)
        said = await orders.ledgers(runtime, acting, chosen.id) if plan in plans.PAYS_BACK else {}
    except AppError:
        return who, {}
    return who, {chosen.id: said}


def _facts(session: Session, caller: Caller, order_ids: tuple[str, ...]) -> list[plans.OrderFacts]:
    found = [orders.get(session, caller, order_id) for order_id in order_ids]
    return [plans.OrderFacts(order.id, order.number, order.status) for order in found]


# ---- the transaction --------------------------------------------------------------------------------------------


def _handle(session: Session, caller: Caller, learned: _Read) -> Message:
    inbound, triage, who = learned.inbound, learned.triage, learned.who
    if inbound.external_id is not None:
        threads.hold(session, caller.store_id, str(caller.livemode), inbound.channel, inbound.external_id)
        known = _known(session, caller, inbound)
        if known is not None:
            raise Repeated(known)
    order_id = who.orders[0] if who.proof and len(who.orders) == 1 else None
    ticket, opened = threads.find_or_open(
        session,
        caller,
        inbound,
        triage,
        customer_id=who.customer_id if who.proof else None,
        order_id=order_id,
        proof=who.proof,
        contact_key=identity.contact_key(caller, inbound),
        contact=senders.contact(session, caller, inbound, who),
    )
    message_id = ids.new("msg")
    session.info["message_id"], session.info["ticket_id"] = message_id, ticket.id
    reply_to = senders.reply_to(session, inbound, who)
    message = tickets.add_message(session, ticket, _message(message_id, inbound, triage, who, reply_to))
    named = [file["id"] for file in inbound.files if file.get("id")]
    file_links.attach(session, caller, who.customer_id if who.proof else None, named, ("message", message_id))
    language = _language(session, caller, learned)
    turn = _turn(session, caller, learned, ticket, language)
    _conclude(session, caller, learned, ticket, message, turn, language, opened=opened)
    return message


def _message(message_id: str, inbound: Inbound, triage: Triage, who: Who, reply_to: str | None) -> MessageSpec:
    named = {name: value for name, value in inbound.customer.items() if value}
    return MessageSpec(
        id=message_id,
        direction="inbound",
        channel=inbound.channel,
        author={"type": "shopper", "id": who.customer_id if who.proof else None, "proof": who.proof, **named},
        text=inbound.text,
        language=triage.language.code,
        external_id=inbound.external_id,
        triage=triage.model_dump(mode="json"),
        details={
            "context": inbound.context,
            "files": list(inbound.files),
            "button": inbound.button,
            "order_number": inbound.order_number,
            "identity": inbound.identity,
            "subject": inbound.subject,
            "reply_to": reply_to,
            "proved": [] if who.by == "ticket" else list(who.orders),
        },
        occurred_at=inbound.occurred_at,
    )


def _turn(session: Session, caller: Caller, learned: _Read, ticket: Ticket, language: str) -> Turn:
    """What happens about the message; in a person's hands automation keeps quiet."""
    who, inbound = learned.who, learned.inbound
    if _theirs(session, ticket):
        return Turn("acknowledged")
    if learned.triage.urgency.level == "urgent" or not who.reachable:
        reason = "urgent" if who.reachable else "shop_unreachable"
        key = "handoff.angry" if learned.triage.sentiment.anger else "handoff"
        if who.reachable or learned.plan in plans.ABOUT_AN_ORDER:
            return Turn("handed_off", say(key, language), reason=reason)
    scene = Scene(
        session=session,
        caller=caller.acting_for(who.customer_id, who.proof),
        inbound=inbound,
        language=language,
        proof=who.proof,
        orders=who.orders if who.proof else (),
        named=who.named,
        ledgers=learned.ledgers,
    )
    return carry_out(scene, learned.plan)


def _theirs(session: Session, ticket: Ticket) -> bool:
    """Whether a person has it; what was handed over before anybody asked is still automation's to answer."""
    given = ticket.handoff is not None and ticket.status != "solved"
    return given and not parcel_alerts.unanswered(session, ticket)


def _language(session: Session, caller: Caller, learned: _Read) -> str:
    """The message's own language where it is sure, else what is known of the shopper and the store."""
    said = learned.triage.language
    customer = session.get(Customer, learned.who.customer_id) if learned.who.customer_id else None
    known = customer.locale if customer is not None else None
    spoken = said.code if said.confidence >= 0.5 and said.code in LANGUAGES else None
    return language_of(spoken, learned.inbound.locale, known, caller.store.locale)


def _conclude(
    session: Session,
    caller: Caller,
    learned: _Read,
    ticket: Ticket,
    message: Message,
    turn: Turn,
    language: str,
    *,
    opened: bool,
) -> None:
    """Write the outcome, the reply with its delivery, and where the ticket stands now."""
    if turn.text is not None and not _reply(session, caller, learned, ticket, message, turn, language):
        turn = replace(turn, outcome="handed_off", reason="no_address")
    message.outcome = turn.outcome
    order_id = turn.order_id or (learned.who.orders[0] if len(learned.who.orders) == 1 else None)
    known = _now_known(learned, ticket, turn, order_id, opened=opened)
    if parcel_alerts.unanswered(session, ticket):
        known["status"] = "open"  # answered, and a person has the parcel to look after all the same
    if not opened and learned.who.proof:
        known["contact"] = _contact(ticket, senders.contact(session, caller, learned.inbound, learned.who), learned.who)
    tickets.change(session, ticket, known)
    if turn.outcome == "handed_off":
        pack = handoffs.pack(
            session,
            ticket,
            learned.inbound,
            learned.triage,
            reason=turn.reason or "not_automated",
            order_id=turn.order_id or (order_id if learned.who.proof else None),
            message_id=message.id,
            proof=learned.who.proof,
        )
        urgency = learned.triage.urgency
        tickets.hand_off(session, ticket, pack, priority=urgency.level, reasons=urgency.reasons)
    elif turn.outcome in ticket_clocks.SETTLED:
        ticket_clocks.answered(session, ticket)


def _reply(
    session: Session, caller: Caller, learned: _Read, ticket: Ticket, message: Message, turn: Turn, language: str
) -> bool:
    """Write the reply with its delivery; whether it reaches a sender who is owed one."""
    spec = MessageSpec(
        direction="outbound",
        channel=learned.inbound.channel,
        author=AUTOMATION,
        text=turn.text or "",
        language=language,
        in_reply_to=message.id,
        buttons=turn.buttons,
        cards=turn.cards,
    )
    reply = tickets.add_message(session, ticket, spec)
    automation = caller.acting_for(learned.who.customer_id, learned.who.proof)
    deliveries.deliver(session, automation, ticket, reply, message)
    return reply.delivery != "failed" or learned.who.proof < 1


def _contact(ticket: Ticket, proved: dict[str, Any], who: Who) -> dict[str, Any]:
    """The ticket's contact with what a proved sender adds: what the better proof says counts, a mere claim goes."""
    if ticket.proof < 1:
        return proved
    return {**ticket.contact, **proved} if who.proof > ticket.proof else {**proved, **ticket.contact}


def _now_known(learned: _Read, ticket: Ticket, turn: Turn, order_id: str | None, *, opened: bool) -> dict[str, Any]:
    """The ticket's fields that the message changes: its status, and what has been proved or read of its writer."""
    fields: dict[str, Any] = {"status": STATUS_AFTER[turn.outcome]}
    if learned.who.proof and order_id is not None and ticket.order_id is None:
        fields["order_id"] = order_id
    if learned.who.proof and learned.who.customer_id and ticket.customer_id is None:
        fields["customer_id"] = learned.who.customer_id
    if learned.who.proof > ticket.proof:
        fields["proof"] = learned.who.proof
    if ticket.status == "solved" and ticket.handoff is not None:
        fields["handoff"] = None  # the person is done: what comes now is answered again
    if not opened:
        fields["intent"] = learned.triage.intent.name.value
        fields["sentiment"] = learned.triage.sentiment.label
    return fields
