"""Writes: done once per idempotency key, rehearsed for a preview, and the answer or the refusal kept."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Annotated, Any, TypeVar, cast

import orjson
from fastapi import Depends, Request
from pydantic import BaseModel
from sqlalchemy.orm import Session

from app import clock, errors, strict_json
from app.errors import NEVER_STORED, STORED_REFUSALS, AppError, IdempotencyKeyRequired, InvalidHeader
from app.models.records import Answer
from app.routers.answers import Json
from app.routers.headers import header, reads
from app.routers.resources import VERBS
from app.routers.waiting import show
from app.services import confirmations, decisions, idempotency
from app.services.actions import registry
from app.services.actions.registry import Action
from app.services.callers import Caller
from app.services.confirmations import Bound, Confirmed, Preview, Rehearsed
from app.services.idempotency import Keyed, Replayed
from app.services.runtime import Runtime

DEFAULT_WAIT = 5.0
MAX_WAIT = 30.0
WAIT = re.compile(r"(?:^|[,;\s])wait=(\d{1,6})(?:$|[,;\s])")
PRINTABLE = "^[!-~]([ -~]{0,253}[!-~])?$"
"""Of ASCII, up to 255; blanks at the ends are none of a header's."""
CONFIRMED = (errors.FactsChanged, errors.ConfirmationRequired)
"""What a write that can be previewed may refuse besides."""
P = TypeVar("P", bound=BaseModel)


@reads(header("idempotency-key", "Same key and body: the first answer again, and no second effect.", PRINTABLE))
async def _key(request: Request) -> str | None:
    return checked_key(request.headers.get("idempotency-key"))


def checked_key(key: str | None) -> str | None:
    """The key that came, where it may be one; raises `idempotency_key_required` where it may not."""
    if key is not None and not 0 < len(key) <= 255:
        raise IdempotencyKeyRequired
    return key


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
    guard: str | None = None,
    said: dict[str, Any] | None = None,
    answered: Mapping[str, Any] | None = None,
    kept: bool = True,
) -> Json:
    """Do a write once per key and answer it: settled with `status`, else 202 with the resource as it is.

    `said`: what came, where the body is not JSON: it makes two requests the same.
    `answered`: what `run` has shown already, by what it made; that is settled.
    `kept`: False where the answer holds a secret: the key alone is kept, and what was made is shown anew.
    `guard`: what the guard calls it, so that a refusal is kept as its decision. With `"preview": true` in the body
    nothing is done: the same work runs in a transaction that is rolled back.
    """
    guard = guard or VERBS.get(kind)
    body = await _body(request) if said is None else said
    bound = Bound.to(caller, request.method, request.url.path, body)
    asked = cast("dict[str, Any]", body) if isinstance(body, dict) else {}
    if asked.get("preview") is True:
        return await _preview(means, caller, bound, run)
    keyed = None if key is None else _keyed(request, caller, key, body)
    token = asked.get("confirmation_token")
    if keyed is not None and isinstance(token, str):
        keyed = replace(keyed, wrap=Confirmed(bound, token))
    if keyed is not None:
        known = await means.db.read(idempotency.find, keyed)
        if known is not None:
            return await _replay(means, caller, keyed, known, wait, status, guard)
    try:
        made = await run(keyed)
    except Replayed:
        assert keyed is not None
        known = await means.db.read(idempotency.find, keyed)
        assert known is not None
        return await _replay(means, caller, keyed, known, wait, status, guard)
    except AppError as error:
        await _refused(means, caller, guard, keyed, error, idempotency.keep_refusal)
        raise
    try:
        shown = None if answered is None else answered.get(made)
        answer = Json(shown, status) if shown else await show(means, caller, kind, made, wait, status)
    except AppError as error:  # a provider has said no to what we had said yes to
        await _refused(means, caller, guard, keyed, error, idempotency.keep_answer)
        raise
    if kept and keyed is not None and answer.status_code != 202:
        await means.db.write(idempotency.keep_answer, keyed, answer.status_code, bytes(answer.body))
    return answer


async def _preview(means: Runtime, caller: Caller, bound: Bound, run: Callable[[Keyed | None], Awaitable[str]]) -> Json:
    """What the write would do, and the token that lets it; raises what the write itself would be refused with."""
    rehearsal = Keyed(caller.store_id, caller.livemode, caller.whose, "", bound.fingerprint, Preview())
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
    means: Runtime, caller: Caller, guard: str | None, keyed: Keyed | None, error: AppError, keep: Keeper
) -> None:
    """Keep the decision behind a refusal and the answer for its key, in one transaction.

    Where that fails the caller gets 503 and asks again: no answer names a decision that is not there.
    """
    stored = keyed if error.status in STORED_REFUSALS and error.name not in NEVER_STORED else None
    decided = guard if decisions.explains(error) else None

    def work(session: Session) -> str | None:
        if decided is not None:
            error.decision_id = decisions.keep_refusal(session, caller, decided, error, error.order_id)
        if stored is not None:
            keep(session, stored, error.status, orjson.dumps(error.problem(caller.request_id)))
        return error.decision_id

    if stored is not None or decided is not None:
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

    return await perform(
        request, means, caller, action.resource, run, key=key, wait=wait, status=action.status, guard=action.guard
    )


async def _body(request: Request) -> Any:
    raw = await request.body()
    return strict_json.loads(raw) if raw else None


async def keyed_for(request: Request, caller: Caller, key: str | None) -> Keyed | None:
    """The idempotency key of a write that is not answered by `perform`."""
    return None if key is None else _keyed(request, caller, key, await _body(request))


def _keyed(request: Request, caller: Caller, key: str, body: Any) -> Keyed:
    return keyed_by(request.method, request.url.path, caller, key, body)


def keyed_by(method: str, path: str, caller: Caller, key: str, body: Any) -> Keyed:
    """The key of a request with what it belongs to."""
    return Keyed(
        store_id=caller.store_id,
        livemode=caller.livemode,
        shopper=caller.whose,
        key=hashlib.sha256(key.encode()).hexdigest(),
        fingerprint=idempotency.fingerprint(method, path, body),
    )


async def _replay(
    means: Runtime, caller: Caller, keyed: Keyed, known: Answer, wait: float, status: int, guard: str | None
) -> Json:
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
            await _refused(means, caller, guard, keyed, error, idempotency.keep_answer)
            raise
    answer.headers["Idempotent-Replayed"] = "true"
    return answer
