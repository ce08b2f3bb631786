"""Resources: how each kind is read after a write, when its effect is over, and what a failure of it refuses with."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app import clock, errors
from app.errors import AppError, OrderNotPending
from app.models.agents import Agent, Team
from app.models.connections import Connection, InboundDelivery
from app.models.credits import WindowExtension
from app.models.webhooks import WebhookDelivery, WebhookEndpoint, WebhookReplay
from app.services import (
    agents,
    approval_views,
    backtests,
    cancellations,
    claim_states,
    connections,
    customers,
    exchanges,
    files,
    inbound_work,
    label_views,
    operation_views,
    order_changes,
    orders,
    policies,
    ratings,
    refund_views,
    return_registrations,
    return_states,
    ticket_updates,
    ticket_views,
    webhook_endpoints,
    webhook_replays,
    webhook_views,
    withdrawal_states,
)
from app.services import credits as store_credits
from app.services.actions import registry
from app.services.callers import Caller
from app.services.conversation import answers
from app.services.shown import Shown, View

OPEN = frozenset({"pending", "unknown"})


def for_person(view: View) -> bool:
    """A person must say yes first: no wait is long enough."""
    asked: View = view.get("approval") or {}
    return view.get("status") == "awaiting_approval" or asked.get("status") == "pending"


def _refund(session: Session, caller: Caller, refund_id: str) -> View:
    return refund_views.view(session, refund_views.get(session, caller, refund_id))


def _return(session: Session, caller: Caller, return_id: str) -> View:
    return return_states.view(session, return_states.get(session, caller, return_id))


def _exchange(session: Session, caller: Caller, exchange_id: str) -> View:
    return exchanges.view(session, exchanges.get(session, caller, exchange_id))


def _label(session: Session, caller: Caller, label_id: str) -> View:
    return label_views.view(session, label_views.get(session, caller, label_id))


def _cancellation(session: Session, caller: Caller, cancellation_id: str) -> View:
    return cancellations.view(session, cancellations.get(session, caller, cancellation_id))


def _change(session: Session, caller: Caller, change_id: str) -> View:
    return order_changes.answer(session, order_changes.get(session, caller, change_id))


def _claim(session: Session, caller: Caller, claim_id: str) -> View:
    return claim_states.view(session, claim_states.get(session, caller, claim_id))


def _claim_open(view: View) -> bool:
    """Its money has not arrived yet; goods that a person sends are not waited for."""
    return view["status"] == "accepted" and view["payment_status"] in OPEN


def _withdrawal(session: Session, caller: Caller, withdrawal_id: str) -> View:
    return withdrawal_states.view(session, withdrawal_states.get(session, caller, withdrawal_id))


def _window(session: Session, caller: Caller, extension_id: str) -> View:
    row = session.get_one(WindowExtension, extension_id)
    orders.get(session, caller, row.order_id)
    return {"id": row.id, "order": row.order_id, "line": row.line_id, "until": clock.rfc3339(row.until)}


def _credit(session: Session, caller: Caller, credit_id: str) -> View:
    return store_credits.view(session, store_credits.get(session, caller, credit_id))


def _operation(session: Session, caller: Caller, operation_id: str) -> View:
    found = operation_views.get(session, caller, operation_id)
    return operation_views.view(found, operation_views.tries(session, operation_id))


def _ticket(session: Session, caller: Caller, ticket_id: str) -> View:
    return ticket_views.shown_to(ticket_views.get(session, caller, ticket_id), caller)


def _reply(session: Session, caller: Caller, message_id: str) -> View:
    return ticket_views.message_view(ticket_views.message(session, caller, message_id))


def _policy(session: Session, caller: Caller, policy_id: str) -> View:
    return policies.view(policies.get(session, caller, policy_id))


def _backtest(session: Session, caller: Caller, backtest_id: str) -> View:
    return backtests.view(backtests.get(session, caller, backtest_id))


def _customer(session: Session, caller: Caller, customer_id: str) -> View:
    return customers.view(customers.get(session, caller, customer_id))


def _agent(session: Session, caller: Caller, agent_id: str) -> View:
    del caller  # the id is our own, of what this caller has just written
    return agents.view(session.get_one(Agent, agent_id))


def _team(session: Session, caller: Caller, team_id: str) -> View:
    del caller
    return agents.view(session.get_one(Team, team_id))


def _rating(session: Session, caller: Caller, ticket_id: str) -> View:
    return ratings.view(session, ticket_views.get(session, caller, ticket_id))


def _ticket_update(session: Session, caller: Caller, update_id: str) -> View:
    return ticket_updates.view(ticket_updates.get(session, caller, update_id))


def _connection(session: Session, caller: Caller, connection_id: str) -> View:
    del caller  # as above, also where it was deleted
    return connections.view(session.get_one(Connection, connection_id))


def _delivery(session: Session, caller: Caller, delivery_id: str) -> View:
    del caller  # as above
    return inbound_work.view(session.get_one(InboundDelivery, delivery_id))


def _webhook_endpoint(session: Session, caller: Caller, endpoint_id: str) -> View:
    del caller  # as above, also where it was deleted
    return webhook_endpoints.view(session.get_one(WebhookEndpoint, endpoint_id))


def _webhook_secret(session: Session, caller: Caller, endpoint_id: str) -> View:
    return webhook_endpoints.view_with_secret(session, webhook_endpoints.get(session, caller, endpoint_id))


def _webhook_delivery(session: Session, caller: Caller, delivery_id: str) -> View:
    del caller  # as above
    return webhook_views.views(session, [session.get_one(WebhookDelivery, delivery_id)])[0]


def _webhook_replay(session: Session, caller: Caller, replay_id: str) -> View:
    del caller  # as above
    return webhook_replays.view(session.get_one(WebhookReplay, replay_id))


def _file(session: Session, caller: Caller, file_id: str) -> View:
    return files.view(session, files.get(session, caller, file_id))


def _not_canceled(view: View) -> AppError | None:
    """The shop said no after our mirror had said yes: that is a refusal, and nothing has changed."""
    operation = view["operation"]
    if operation["status"] != "failed":
        return None
    error = operation["error"] or {"code": None, "detail": None}
    locked = error["code"] == errors.OrderAlreadyModified.code
    return (errors.OrderAlreadyModified if locked else OrderNotPending)(error["detail"])


def _unsettled(view: View) -> bool:
    """The change is on its way, or what was charged for one that was refused is on its way back."""
    return view["change"]["status"] in OPEN or view["operation"]["status"] in OPEN


_NOT_CHANGED = {
    kind.code: kind
    for kind in (
        errors.OrderNotPending,
        errors.OrderAlreadyModified,
        errors.PaymentMethodNotFound,
        errors.SamePaymentMethod,
        errors.GiftCardInsufficient,
        errors.PaymentDeclined,
        errors.CurrencyMismatch,
        errors.DifferentProduct,
        errors.NewItemNotFound,
        errors.NewItemUnavailable,
        errors.SameItem,
        errors.ItemNotInOrder,
        errors.ItemCountMismatch,
        errors.CustomerNotFound,
        errors.SubscriptionNotFound,
        errors.SubscriptionNotActive,
        errors.SubscriptionNotPaused,
        errors.FactsChanged,
    )
} | {
    "already_canceled": errors.OrderNotPending,
    "order_not_found": errors.OrderNotPending,
}
"""What the shop or the payment provider may say no with, after our mirror had said yes; else `change_refused`."""


def _not_changed(view: View) -> AppError | None:
    change = view["change"]
    if change["status"] != "failed":
        return None
    return _NOT_CHANGED.get(change["failure_code"], errors.ChangeRefused)(change["failure_detail"])


def _approval(session: Session, caller: Caller, approval_id: str) -> View:
    return approval_views.view(approval_views.get(session, caller, approval_id))


def _expecting(view: View) -> bool:
    """A person or the shop has not answered yet."""
    return for_person(view) or (view["operation"] is not None and view["operation"]["status"] in OPEN)


def _not_taken_back(view: View) -> AppError | None:
    """The shop said no to a return or exchange that our mirror had said yes to: it has ended, its items are free."""
    operation = view["operation"]
    if view["status"] != "canceled" or operation is None or operation["status"] != "failed":
        return None
    if operation["kind"] not in return_registrations.OPENS:
        return None
    error: dict[str, str | None] = operation["error"] or {}
    return return_registrations.refusal(error.get("code"), error.get("detail"))


ON_ORDER: dict[str, View] = {
    "cancellation": {"refund": None},
    "change": {"refund": None, "operations": [], "change": None},
}
"""Kinds that are shown as their order with something more: what that is while nothing has been made yet."""
RESOURCES: dict[str, Shown] = {
    "approval": Shown(_approval),
    "refund": Shown(_refund, lambda view: view["status"] in {*OPEN, "awaiting_approval"}),
    "return": Shown(_return, _expecting, _not_taken_back),
    "exchange": Shown(_exchange, _expecting, _not_taken_back),
    "label": Shown(_label, lambda view: view["status"] in OPEN),
    "label_void": Shown(_label, lambda view: view["status"] == "voiding"),
    "cancellation": Shown(_cancellation, lambda view: view["operation"]["status"] in OPEN, _not_canceled),
    "change": Shown(_change, _unsettled, _not_changed),
    "subscription": Shown(_change, _unsettled, _not_changed),
    "claim": Shown(_claim, lambda view: view["status"] == "awaiting_approval" or _claim_open(view)),
    "claim_payment": Shown(_claim, lambda view: for_person(view) or _claim_open(view)),
    "withdrawal": Shown(_withdrawal),
    "withdrawal_confirmed": Shown(_withdrawal, lambda view: for_person(view) or not view["settled"]),
    "window_extension": Shown(_window),
    "credit": Shown(_credit, lambda view: view["status"] in OPEN),
    "operation": Shown(_operation),
    "mail": Shown(_operation, lambda view: view["status"] in OPEN),
    "ticket": Shown(_ticket),
    "message": Shown(answers.view, answers.is_open, accepted=None),
    "reply": Shown(_reply),
    "ticket_rating": Shown(_rating),
    "ticket_update": Shown(_ticket_update, lambda view: view["status"] in {"pending", "running"}),
    "customer": Shown(_customer),
    "agent": Shown(_agent),
    "team": Shown(_team),
    "connection": Shown(_connection),
    "inbound_delivery": Shown(_delivery),
    "webhook_endpoint": Shown(_webhook_endpoint),
    "webhook_secret": Shown(_webhook_secret),
    "webhook_delivery": Shown(_webhook_delivery, webhook_views.is_open),
    "webhook_replay": Shown(_webhook_replay),
    "file": Shown(_file),
    "policy": Shown(_policy),
    "policy_backtest": Shown(_backtest, lambda view: view["status"] in {"pending", "running"}),
    **{action.resource: action.shown for action in registry.every().values() if action.shown is not None},
}

VERBS = {"return": "return", "exchange": "exchange", "label_void": "return_label", "claim_payment": "claim"}
"""What the guard calls the verbs on a kind that are no actions of their own; of all others it decides nothing."""
