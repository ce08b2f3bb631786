"""Writes: the idempotency key, the wait for the effect, and the answer that is kept."""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Annotated, Any, TypeVar, cast

import orjson
from fastapi import Depends, Request
from pydantic import BaseModel
from sqlalchemy.orm import Session

from app import clock, errors, ids, strict_json
from app.errors import (
    NEVER_STORED,
    STORED_REFUSALS,
    AppError,
    IdempotencyKeyRequired,
    InvalidHeader,
    OrderNotPending,
)
from app.models.approvals import Approval
from app.models.credits import WindowExtension
from app.models.records import Answer
from app.routers.answers import Json
from app.routers.headers import header, reads
from app.services import (
    approvals,
    backtests,
    cancellations,
    claims,
    confirmations,
    decisions,
    exchanges,
    idempotency,
    labels,
    operations,
    order_changes,
    orders,
    policies,
    refunds,
    return_registrations,
    returns,
    tickets,
    withdrawals,
)
from app.services import credits as store_credits
from app.services.actions import registry
from app.services.actions.registry import Action
from app.services.callers import Caller
from app.services.confirmations import Bound, Confirmed, Preview, Rehearsed
from app.services.conversation import pipeline
from app.services.idempotency import Keyed, Replayed
from app.services.order_views import order_view
from app.services.runtime import Runtime

DEFAULT_WAIT = 5.0
MAX_WAIT = 30.0
WAIT = re.compile(r"(?:^|[,;\s])wait=(\d{1,6})(?:$|[,;\s])")
CONFIRMED = (errors.FactsChanged, errors.ConfirmationRequired)
"""What a write that can be previewed may refuse besides."""
OPEN = frozenset({"pending", "unknown"})

View = dict[str, Any]
P = TypeVar("P", bound=BaseModel)


@reads(header("idempotency-key", "Same key and body: the first answer again, and no second effect."))
async def _key(request: Request) -> str | None:
    idempotency_key = request.headers.get("idempotency-key")
    if idempotency_key is not None and not 0 < len(idempotency_key) <= 255:
        raise IdempotencyKeyRequired
    return idempotency_key


async def _required(key: Annotated[str | None, Depends(_key)]) -> str:
    if key is None:
        raise IdempotencyKeyRequired
    return key


@reads(header("prefer", "`wait=N`: seconds to wait for the effect, 0 to 30."))
async def _wait(request: Request) -> float:
    prefer = request.headers.get("prefer")
    if prefer is None:
        return DEFAULT_WAIT
    match = WAIT.search(prefer)
    if match is None:
        return DEFAULT_WAIT
    seconds = int(match.group(1))
    if seconds > MAX_WAIT:
        raise InvalidHeader("Prefer: wait=N takes 0 to 30 seconds.")
    return float(seconds)


OptionalKey = Annotated[str | None, Depends(_key)]
RequiredKey = Annotated[str, Depends(_required)]
Wait = Annotated[float, Depends(_wait)]


@dataclass(frozen=True, slots=True)
class Shown:
    """How one kind of resource is read after a write, and when its effect is over."""

    read: Callable[[Session, Caller, str], View]
    open: Callable[[View], bool]
    failed: Callable[[View], AppError | None] = lambda _: None
    accepted: int | None = 202
    """The status of an answer whose effect is not over; None: the same as of one that is."""


def _refund(session: Session, caller: Caller, refund_id: str) -> View:
    return refunds.view(session, refunds.get(session, caller, refund_id))


def _return(session: Session, caller: Caller, return_id: str) -> View:
    return returns.view(session, returns.get(session, caller, return_id))


def _exchange(session: Session, caller: Caller, exchange_id: str) -> View:
    return exchanges.view(session, exchanges.get(session, caller, exchange_id))


def _label(session: Session, caller: Caller, label_id: str) -> View:
    return labels.view(session, labels.get(session, caller, label_id))


def _cancellation(session: Session, caller: Caller, cancellation_id: str) -> View:
    return cancellations.view(session, cancellations.get(session, caller, cancellation_id))


def _change(session: Session, caller: Caller, change_id: str) -> View:
    return order_changes.answer(session, order_changes.get(session, caller, change_id))


def _claim(session: Session, caller: Caller, claim_id: str) -> View:
    return claims.view(session, claims.get(session, caller, claim_id))


def _claim_open(view: View) -> bool:
    """Its money has not arrived yet; goods that a person sends are not waited for."""
    return view["status"] == "accepted" and view["payment_status"] in OPEN


def _withdrawal(session: Session, caller: Caller, withdrawal_id: str) -> View:
    return withdrawals.view(session, withdrawals.get(session, caller, withdrawal_id))


def _window(session: Session, caller: Caller, extension_id: str) -> View:
    row = session.get_one(WindowExtension, extension_id)
    orders.get(session, caller, row.order_id)
    return {"id": row.id, "order": row.order_id, "line": row.line_id, "until": clock.rfc3339(row.until)}


def _credit(session: Session, caller: Caller, credit_id: str) -> View:
    return store_credits.view(session, store_credits.get(session, caller, credit_id))


def _operation(session: Session, caller: Caller, operation_id: str) -> View:
    found = operations.get(session, caller, operation_id)
    return operations.view(found, operations.tries(session, operation_id))


def _ticket(session: Session, caller: Caller, ticket_id: str) -> View:
    return tickets.shown_to(tickets.get(session, caller, ticket_id), caller)


def _reply(session: Session, caller: Caller, message_id: str) -> View:
    return tickets.message_view(tickets.message(session, caller, message_id))


def _policy(session: Session, caller: Caller, policy_id: str) -> View:
    return policies.view(policies.get(session, caller, policy_id))


def _backtest(session: Session, caller: Caller, backtest_id: str) -> View:
    return backtests.view(backtests.get(session, caller, backtest_id))


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
    return approvals.view(approvals.get(session, caller, approval_id))


def _expecting(view: View) -> bool:
    """A person or the shop has not answered yet."""
    return _for_person(view) or (view["operation"] is not None and view["operation"]["status"] in OPEN)


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
RESOURCES = {
    "approval": Shown(_approval, lambda _: False),
    "refund": Shown(_refund, lambda view: view["status"] in {*OPEN, "awaiting_approval"}),
    "return": Shown(_return, _expecting, _not_taken_back),
    "exchange": Shown(_exchange, _expecting, _not_taken_back),
    "label": Shown(_label, lambda view: view["status"] in OPEN),
    "label_void": Shown(_label, lambda view: view["status"] == "voiding"),
    "cancellation": Shown(_cancellation, lambda view: view["operation"]["status"] in OPEN, _not_canceled),
    "change": Shown(_change, _unsettled, _not_changed),
    "claim": Shown(_claim, lambda view: view["status"] == "awaiting_approval" or _claim_open(view)),
    "claim_payment": Shown(_claim, lambda view: _for_person(view) or _claim_open(view)),
    "withdrawal": Shown(_withdrawal, lambda _: False),
    "withdrawal_confirmed": Shown(_withdrawal, lambda view: not view["settled"]),
    "window_extension": Shown(_window, lambda _: False),
    "credit": Shown(_credit, lambda view: view["status"] in OPEN),
    "operation": Shown(_operation, lambda _: False),
    "mail": Shown(_operation, lambda view: view["status"] in OPEN),
    "ticket": Shown(_ticket, lambda _: False),
    "message": Shown(pipeline.view, pipeline.is_open, accepted=None),
    "reply": Shown(_reply, lambda _: False),
    "policy": Shown(_policy, lambda _: False),
    "policy_backtest": Shown(_backtest, lambda view: view["status"] in {"pending", "running"}),
}


ACTIONS = {
    "label": "return_label",
    "label_void": "return_label",
    "cancellation": "cancel",
    "claim_payment": "claim",
    "credit": "goodwill",
    "window_extension": "extend_window",
    "withdrawal_confirmed": "withdrawal",
    "mail": "resend_confirmation",
}
"""What the guard calls the writes whose kind has another name."""
UNDECIDED = frozenset({"approval", "ticket", "message", "reply", "operation", "policy", "policy_backtest"})
"""Writes that no policy decides."""


async def perform(
    request: Request,
    means: Runtime,
    caller: Caller,
    kind: str,
    run: Callable[[Keyed | None], Awaitable[str]],
    *,
    key: str | None,
    wait: float = 0.0,
    status: int = 201,
) -> Json:
    """Do a write once per key and answer it: settled with `status`, else 202 with the resource as it is.

    With `"preview": true` in the body nothing is done: the same work runs in a transaction that is rolled back.
    """
    body = await _body(request)
    bound = Bound.to(caller, request.method, request.url.path, body)
    asked = cast("View", body) if isinstance(body, dict) else {}
    if asked.get("preview") is True:
        return await _preview(means, caller, bound, run)
    keyed = None if key is None else _keyed(request, caller, key, body)
    token = asked.get("confirmation_token")
    if keyed is not None and isinstance(token, str):
        keyed = replace(keyed, wrap=Confirmed(bound, token))
    if keyed is not None:
        known = await means.db.read(idempotency.find, keyed)
        if known is not None:
            return await _replay(means, caller, keyed, known, wait, status)
    try:
        made = await run(keyed)
    except Replayed:
        assert keyed is not None
        known = await means.db.read(idempotency.find, keyed)
        assert known is not None
        return await _replay(means, caller, keyed, known, wait, status)
    except AppError as error:
        await _refused(means, caller, kind, keyed, error, idempotency.keep_refusal)
        raise
    try:
        answer = await show(means, caller, kind, made, wait, status)
    except AppError as error:  # a provider has said no to what we had said yes to
        await _refused(means, caller, kind, keyed, error, idempotency.keep_answer)
        raise
    if keyed is not None and answer.status_code != 202:
        await means.db.write(idempotency.keep_answer, keyed, answer.status_code, bytes(answer.body))
    return answer


async def _preview(means: Runtime, caller: Caller, bound: Bound, run: Callable[[Keyed | None], Awaitable[str]]) -> Json:
    """What the write would do, and the token that lets it; raises what the write itself would be refused with."""
    rehearsal = Keyed(caller.store_id, caller.livemode, caller.shopper or "", "", bound.fingerprint, Preview())
    try:
        await run(rehearsal)
    except Rehearsed as shown:
        token, expires_at = await means.db.write(confirmations.issue, bound, shown)
        return Json(
            {
                "preview": True,
                "decision": shown.decision,
                "effects": shown.effects,
                "confirmation_token": token,
                "expires_at": clock.rfc3339(expires_at),
            }
        )
    raise AssertionError("a preview has no other end")


Keeper = Callable[[Session, Keyed, int, bytes], None]
"""`idempotency.keep_refusal` for a write that was undone, `keep_answer` for one that stands."""


async def _refused(
    means: Runtime, caller: Caller, kind: str, keyed: Keyed | None, error: AppError, keep: Keeper
) -> None:
    """Keep the decision behind a refusal and the answer for its key, in one transaction.

    Where that fails the caller gets 503 and asks again: no answer names a decision that is not there.
    """
    stored = keyed if error.status in STORED_REFUSALS and error.name not in NEVER_STORED else None
    decided = kind not in UNDECIDED and decisions.explains(error)

    def work(session: Session) -> str | None:
        error.decision_id = decisions.keep_refusal(session, caller, ACTIONS.get(kind, kind), error) if decided else None
        if stored is not None:
            keep(session, stored, error.status, orjson.dumps(error.problem(caller.request_id)))
        return error.decision_id

    if stored is not None or decided:
        error.decision_id = await means.db.write(work)


async def act(
    request: Request,
    means: Runtime,
    caller: Caller,
    action: Action[P],
    params: P,
    *,
    key: str | None,
    wait: float = 0.0,
) -> Json:
    """Run an action for its own route or for `/v1/actions`: the same function, the same refusals."""

    async def run(keyed: Keyed | None) -> str:
        return await registry.run(means, caller, action, params, keyed)

    return await perform(request, means, caller, action.resource, run, key=key, wait=wait, status=action.status)


async def _body(request: Request) -> Any:
    raw = await request.body()
    return strict_json.loads(raw) if raw else None


def _keyed(request: Request, caller: Caller, key: str, body: Any) -> Keyed:
    return Keyed(
        store_id=caller.store_id,
        livemode=caller.livemode,
        shopper=caller.shopper or "",
        key=hashlib.sha256(key.encode()).hexdigest(),
        fingerprint=idempotency.fingerprint(request.method, request.url.path, body),
    )


async def _replay(means: Runtime, caller: Caller, keyed: Keyed, known: Answer, wait: float, status: int) -> Json:
    """The first answer again; for what was still running then, the resource as it is now."""
    if known.body is not None and known.status is not None:
        answer = Json(known.body.encode(), status_code=known.status)
        if known.status >= 400:
            answer.headers["content-type"] = "application/problem+json"
    else:
        assert known.resource_type is not None
        assert known.resource_id is not None
        try:
            answer = await show(means, caller, known.resource_type, known.resource_id, wait, status)
        except AppError as error:
            await _refused(means, caller, known.resource_type, keyed, error, idempotency.keep_answer)
            raise
    answer.headers["Idempotent-Replayed"] = "true"
    return answer


async def show(means: Runtime, caller: Caller, kind: str, resource_id: str, wait: float, status: int) -> Json:
    """The resource once its effect is over, or as it is after `wait` seconds; at once where a person must say yes."""
    shown = RESOURCES[kind]
    if kind != "approval" and ids.is_id(resource_id, "apr"):
        made, waiting, view = await means.db.read(_question, caller, kind, resource_id)
        if made is None:
            return Json(view, status_code=202 if waiting else status)
        resource_id = made
    give_up = time.monotonic() + wait
    pause = 0.02
    view = await means.db.read(shown.read, caller, resource_id)
    moved = None
    while shown.open(view) and not _for_person(view) and (left := give_up - time.monotonic()) > 0:
        await asyncio.sleep(min(pause, left))
        pause = min(pause * 1.5, 0.25)
        behind = _behind(view)
        before, moved = moved, await means.db.read(operations.progress, behind)
        if moved != before or not behind:  # the whole view only when something has changed
            view = await means.db.read(shown.read, caller, resource_id)
    refused = shown.failed(view)
    if refused is not None:
        raise refused
    return Json(view, status_code=(shown.accepted or status) if shown.open(view) else status)


def _question(session: Session, caller: Caller, kind: str, approval_id: str) -> tuple[str | None, bool, View]:
    """What an approved write has made, or the question as it stands, on the order where it is about one."""
    approval = session.get_one(Approval, approval_id)
    if approval.result_id is not None:
        return approval.result_id, False, {}
    empty: View = {"operation": None, "approval": approvals.brief(approval)}
    if kind in ON_ORDER and approval.order_id is not None:
        order = orders.get(session, caller, approval.order_id)
        return None, approval.status == "pending", {**order_view(session, order), **ON_ORDER[kind], **empty}
    word = "awaiting_approval" if approval.status == "pending" else approval.status
    return None, approval.status == "pending", {"status": word, **empty}


def _for_person(view: View) -> bool:
    """A person must say yes first: no wait is long enough."""
    asked: View = view.get("approval") or {}
    return view.get("status") == "awaiting_approval" or asked.get("status") == "pending"


def _behind(view: View) -> list[str]:
    """Ids of the operations that the view waits for."""
    rows: list[Any] = view.get("operations") or [view.get("operation")]
    return [row if isinstance(row, str) else row["id"] for row in rows if row]
