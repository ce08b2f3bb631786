"""Carry a plan out inside the message's own transaction: answer, act, ask, or pass on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from sqlalchemy import select

from app import clock
from app.errors import AlreadyCanceled, AppError, OrderNotPending
from app.models.orders import Order
from app.models.refunds import Cancellation, Refund
from app.models.returns import Return
from app.money import Money
from app.services import cancellations, decisions, guard_facts, order_status, orders, refund_guard, refunds
from app.services.actions import cancel_order, issue_label, refund_order, request_return
from app.services.actions.cancel_order import CancelParams
from app.services.actions.issue_label import LabelParams
from app.services.actions.refund_order import RefundLineIn, RefundParams
from app.services.actions.request_return import ReturnParams
from app.services.conversation import claims, lines_back
from app.services.conversation.plans import ABOUT_AN_ORDER, OrderFacts, Plan, choose
from app.services.conversation.scenes import Scene, Turn, attempt, level, pass_on, person, refused, sign_in
from app.services.ledgers import Ledger
from app.services.order_views import lines_of, payments_of
from app.services.policy.contract import Facts


def carry_out(scene: Scene, plan: Plan) -> Turn:
    """Do what the plan says, as far as proof and guard allow."""
    if plan is Plan.PERSON:
        return Turn("handed_off", scene.say("handoff"), reason="shopper_asked")
    if plan is Plan.UNSURE:
        return Turn("handed_off", scene.say("handoff"), reason="unsure")
    if plan is Plan.HELLO:
        return Turn("answered", scene.say("hello"), buttons=(person(scene),))
    if plan is Plan.THANKS:
        return Turn("answered", scene.say("thanks"))
    if plan is Plan.POLICY:
        return _return_window(scene)
    assert plan in ABOUT_AN_ORDER
    if scene.caller.anonymous:  # nothing that is said proves anything here: only a session does
        return Turn("awaiting_customer", scene.say("ask.sign_in"), buttons=(person(scene),))
    if scene.proof < 1 or not scene.orders:
        return Turn("awaiting_customer", scene.say("ask.proof"), buttons=(person(scene),))
    reached = {order_id: orders.get(scene.session, scene.caller, order_id) for order_id in scene.orders}
    chosen, asked = choose(plan, [_facts(order) for order in reached.values()], named=scene.named)
    if chosen is None:
        return _ask_which_order(scene, plan, asked)
    return _ACTS[plan](scene, reached[chosen.id])


def _facts(order: Order) -> OrderFacts:
    return OrderFacts(order.id, order.number, order.status)


def _return_window(scene: Scene) -> Turn:
    """How long things may come back: those of the orders that were proved, else whatever is bought now."""
    session, caller = scene.session, scene.caller
    asked = [
        guard_facts.of_order(session, caller, orders.get(session, caller, order_id), "return")
        for order_id in (scene.orders if scene.proof else ())
    ] or [Facts(action="return", actor=decisions.actor_kind(caller), proof=scene.proof, now=clock.now())]
    days = {decisions.guard_of(session, caller, facts).window_days(facts) for facts in asked}
    only = days.pop() if len(days) == 1 else None
    if only is None:  # more than one window, or one without an end, is no sentence of ours
        return Turn("handed_off", scene.say("handoff"), reason="unsure")
    return Turn("answered", scene.say_counted("policy.return_window", only))


PRESSED = {
    Plan.CANCEL: "cancel:{}",
    Plan.RETURN: "return:{}",
    Plan.REFUND: "refund:{}",
    Plan.DAMAGED: "claim:{}::damaged",
    Plan.WRONG_OR_MISSING: "claim:{}",
}
"""What a button says that names the order; of all other plans it asks where things are."""


def _ask_which_order(scene: Scene, plan: Plan, asked: Sequence[OrderFacts]) -> Turn:
    value = PRESSED.get(plan, "status:{}")
    buttons = tuple({"label": order.number, "value": value.format(order.id)} for order in asked[:10])
    return Turn("awaiting_customer", scene.say("ask.which_order"), buttons=(*buttons, person(scene)))


def _status(scene: Scene, order: Order) -> Turn:
    text = order_status.summary(scene.session, scene.caller.store, order, scene.language)
    return Turn("answered", text, cards=({"type": "order", "id": order.id},), order_id=order.id)


def _cancel(scene: Scene, order: Order) -> Turn:
    if scene.proof < level(scene, "cancel"):
        if order.status == "pending":
            return sign_in(scene, order)
        # The state says no, whoever asks: more proof would change nothing.
        return refused(scene, order, AlreadyCanceled() if order.status == "canceled" else OrderNotPending())
    said = scene.ledgers.get(order.id)
    if said is None:
        return pass_on(scene, order, "shop_unreachable")
    params = CancelParams(order=order.id, reason=cancellations.ASKED)
    done = attempt(scene, order, cancel_order.ACTION, params, said)
    if isinstance(done, AppError):
        return refused(scene, order, done)
    assert isinstance(done, Cancellation)
    key = "cancel.started" if done.refund_id is not None else "cancel.started_unpaid"
    card = {"type": "order", "id": order.id}
    return Turn("acted", scene.say(key, number=order.number), cards=(card,), order_id=order.id)


def _return(scene: Scene, order: Order) -> Turn:
    lines, asked = lines_back.meant(scene.session, scene.inbound, scene.language, order)
    if asked:
        buttons = [{"label": label, "value": f"return:{order.id}:{value}"} for label, value in asked[:9]]
        buttons.append({"label": scene.say("button.all_items"), "value": f"return:{order.id}:all"})
        buttons.append(person(scene))
        text = scene.say("ask.which_items", number=order.number)
        return Turn("awaiting_customer", text, buttons=tuple(buttons), order_id=order.id)
    made = attempt(scene, order, request_return.ACTION, ReturnParams(order=order.id, lines=lines))
    if isinstance(made, AppError):
        return refused(scene, order, made)
    assert isinstance(made, Return)
    facts = {"number": order.number, "rma": made.rma}
    card = {"type": "return", "id": made.id}
    label = None
    if made.status == "approved":
        label = attempt(scene, order, issue_label.ACTION, LabelParams(return_id=made.id))
    if label is None or isinstance(label, AppError):
        reason = "delivery_unknown" if order.delivered_at is None else "not_automated"
        return Turn("handed_off", scene.say("return.awaits", **facts), cards=(card,), order_id=order.id, reason=reason)
    cards = (card, {"type": "return_label", "id": label.id})
    return Turn("acted", scene.say("return.started", **facts), cards=cards, order_id=order.id)


def _refund(scene: Scene, order: Order) -> Turn:
    if order.status == "pending":
        return _cancel(scene, order)
    if order.status != "delivered":
        return _refund_status(scene, order)
    ledger = Ledger.of(scene.session, order)
    rest = [
        RefundLineIn(line_id=line.id, quantity=ledger.returnable(line))
        for line in lines_of(scene.session, order)
        if ledger.returnable(line)
    ]
    params = RefundParams(order=order.id, lines=rest)
    if not _at_once(scene, order, params):
        return _return(scene, order)
    if scene.proof < level(scene, "refund"):
        return sign_in(scene, order)
    said = scene.ledgers.get(order.id)
    if said is None:
        return pass_on(scene, order, "shop_unreachable")
    done = attempt(scene, order, refund_order.ACTION, params, said)
    if isinstance(done, AppError):
        return refused(scene, order, done)
    assert isinstance(done, Refund)
    amount = Money(done.amount, done.currency).text(scene.language)
    cards = ({"type": "refund", "id": done.id},)
    text = scene.say("refund.started", amount=amount, number=order.number)
    return Turn("acted", text, cards=cards, order_id=order.id)


def _at_once(scene: Scene, order: Order, params: RefundParams) -> bool:
    """Whether the policy lets automation pay this before the goods are back; what cannot be priced it does not."""
    session, caller, spec = scene.session, scene.caller, params.spec()
    try:
        priced = refunds.price(session, order, payments_of(session, order), spec)
    except AppError:
        return False
    facts = refund_guard.facts_of(session, caller, order, refunds.draft(caller, order, spec, priced), priced)
    return decisions.guard_of(session, caller, facts).instant_refund(facts)


def _refund_status(scene: Scene, order: Order) -> Turn:
    newest = scene.session.scalar(
        select(Refund).where(Refund.order_id == order.id, Refund.status != "canceled").order_by(Refund.id.desc())
    )
    if newest is None:
        if back := int(order.snapshot["totals"]["refunded"]):  # by the shop itself
            amount = Money(back, order.currency).text(scene.language)
            text = scene.say("refund.status_succeeded", amount=amount, number=order.number)
            return Turn("answered", text, cards=({"type": "order", "id": order.id},), order_id=order.id)
        if order.status in {"shipped", "processing"}:
            return pass_on(scene, order, "needs_return")
        return Turn("answered", scene.say("refund.status_none", number=order.number), order_id=order.id)
    amount = Money(newest.amount, newest.currency).text(scene.language)
    told = {"succeeded": "succeeded", "failed": "failed"}.get(newest.status, "pending")
    text = scene.say(f"refund.status_{told}", amount=amount, number=order.number)
    card = {"type": "refund", "id": newest.id}
    if told == "failed":
        return Turn("handed_off", text, cards=(card,), order_id=order.id, reason="refund_failed")
    return Turn("answered", text, cards=(card,), order_id=order.id)


_ACTS: dict[Plan, Callable[[Scene, Order], Turn]] = {
    Plan.STATUS: _status,
    Plan.CANCEL: _cancel,
    Plan.RETURN: _return,
    Plan.REFUND: _refund,
    Plan.REFUND_STATUS: _refund_status,
    Plan.DAMAGED: partial(claims.open_one, kind="damaged"),
    Plan.WRONG_OR_MISSING: claims.open_one,
}
