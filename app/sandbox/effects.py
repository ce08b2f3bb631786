"""How every call is served: draw a fault, make the effect and its ledger row in one transaction, then answer."""

import asyncio
import hashlib
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.sandbox import faults
from app.sandbox.faults import KEYED, LANDED_LATE, Fault
from app.sandbox.store import Store, dumps, loads, one, record
from app.sandbox.wire import Json, Problem, body, check, decode, shop_of

Body = TypeVar("Body", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Call:
    """What an effect may know of the call that asks for it."""

    db: sqlite3.Connection
    shop: str
    key: str | None
    path: dict[str, str]


@dataclass(frozen=True, slots=True)
class Done:
    """An effect, or `effect=False` where all was as asked already."""

    answer: dict[str, Any]
    subject: str
    status: int = 200
    effect: bool = True
    reference: str | None = None
    amount: int | None = None
    currency: str | None = None


def store_of(request: Request) -> Store:
    """The server's store."""
    store = request.app.state.store
    if not isinstance(store, Store):
        raise TypeError("the sandbox has no store")
    return store


@dataclass(frozen=True, slots=True)
class Ask(Generic[Body]):
    """One call that may change something, as it came."""

    shop: str
    operation: str
    model: type[Body]
    perform: Callable[[Call, Body], Done]
    raw: bytes
    key: str | None
    path: dict[str, str]
    key_of: Callable[[Body], str] | None
    reference_of: Callable[[Body], str] | None


async def effect(
    request: Request,
    operation: str,
    model: type[Body],
    perform: Callable[[Call, Body], Done],
    *,
    key_of: Callable[[Body], str] | None = None,
    reference_of: Callable[[Body], str] | None = None,
) -> Response:
    """Serve one call that may change something; its ledger row says whether it did and what struck it.

    The same key and body get the first answer again and change nothing; another body is refused with 422.
    """
    shop, raw = shop_of(request), await body(request)
    key = request.headers.get("idempotency-key") if operation in KEYED else None
    ask = Ask(shop, operation, model, perform, raw, key, dict(request.path_params), key_of, reference_of)
    store = store_of(request)
    with store.write() as db:
        fault = faults.draw(db, shop, operation)
        if fault is None or not fault.lands_late:
            return _serve(db, ask, fault)
    return Landing(store, ask, fault)


def _serve(db: sqlite3.Connection, ask: Ask[Any], fault: Fault | None, *, late: bool = False) -> Response:
    """Make the effect and write its ledger row, in the caller's transaction; what is answered."""
    name = fault.fault if fault else None
    key = reference = ask.key
    done: Done | None = None
    subject: str | None = None
    try:
        payload = check(ask.model, decode(ask.raw) if ask.raw else {})
        key = ask.key_of(payload) if ask.key_of else key
        reference = key or (ask.reference_of(payload) if ask.reference_of else None)
        if fault is not None and fault.before_effect:
            answer: Response = faults.strike(fault, Json({}))
        else:
            call = Call(db, ask.shop, key, ask.path)
            done = _once(call, ask.operation, payload, ask.perform, forget=name == "forget_keys")
            answer = Json(done.answer, done.status)
    except Problem as problem:  # perform checks before it writes: there is nothing to take back
        answer, subject = problem.response(), problem.subject
    if fault is not None and not fault.before_effect and not late:
        answer = faults.strike(fault, answer)
    hung = name in {"timeout_before_effect", "timeout_after_effect"}
    record(
        db,
        ask.shop,
        ask.operation,
        effect=done is not None and done.effect,
        reference=(done.reference if done else None) or reference,
        subject=done.subject if done else subject,
        amount=done.amount if done else None,
        currency=done.currency if done else None,
        fault=name,
        status=None if hung else answer.status_code,
        detail="nothing new" if done is not None and not done.effect else LANDED_LATE if late else None,
    )
    return answer


class Landing(Response):
    """Takes its effect after the fault's delay whether or not its caller still waits; whoever waits is answered."""

    _under_way: ClassVar[set[asyncio.Task[Response]]] = set()

    def __init__(self, store: Store, ask: Ask[Any], fault: Fault) -> None:
        super().__init__()
        self._landing = asyncio.create_task(self._land(store, ask, fault))
        self._under_way.add(self._landing)  # the loop itself keeps no task alive
        self._landing.add_done_callback(self._under_way.discard)

    @staticmethod
    async def _land(store: Store, ask: Ask[Any], fault: Fault) -> Response:
        await asyncio.sleep(fault.delay)
        with store.write() as db:
            return _serve(db, ask, fault, late=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer once it has landed, or end when the caller hangs up."""
        gone = asyncio.ensure_future(faults.hung_up(receive))
        await asyncio.wait({gone, self._landing}, return_when=asyncio.FIRST_COMPLETED)
        if not gone.done():
            gone.cancel()
            await (await self._landing)(scope, receive, send)


def _once(call: Call, operation: str, payload: Body, perform: Callable[[Call, Body], Done], *, forget: bool) -> Done:
    if call.key is None:
        return perform(call, payload)
    target = dumps([call.path, payload.model_dump(mode="json")])
    fingerprint = hashlib.sha256(target.encode()).hexdigest()
    kept = one(
        call.db, "SELECT * FROM answers WHERE shop = ? AND operation = ? AND key = ?", call.shop, operation, call.key
    )
    if kept is not None and not forget:
        if kept["fingerprint"] != fingerprint:
            raise Problem(422, "idempotency_key_reused", "This key was used with another body.")
        return Done(loads(kept["body"]), kept["subject"], kept["status"], effect=False)
    done = perform(call, payload)
    call.db.execute(
        "INSERT OR REPLACE INTO answers (shop, operation, key, fingerprint, status, subject, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (call.shop, operation, call.key, fingerprint, done.status, done.subject, dumps(done.answer)),
    )
    return done


def read(
    request: Request, operation: str, answer_of: Callable[[sqlite3.Connection, str], dict[str, Any] | Response]
) -> Response:
    """Serve one call that changes nothing; only a fault that struck it is written to the ledger."""
    shop = shop_of(request)
    store = store_of(request)
    fault: faults.Fault | None = None
    if one(store.connection, "SELECT 1 FROM faults WHERE shop = ? AND remaining IS NOT 0 LIMIT 1", shop) is not None:
        with store.write() as db:
            fault = faults.draw(db, shop, operation)
    try:
        found = answer_of(store.connection, shop)
        answer = Json(found) if isinstance(found, dict) else found
    except Problem as problem:
        answer = problem.response()
    if fault is None:
        return answer
    struck = faults.strike(fault, answer)
    hung = fault.fault.startswith("timeout")
    with store.write() as db:
        record(
            db,
            shop,
            operation,
            effect=False,
            subject=request.url.path,
            fault=fault.fault,
            status=None if hung else struck.status_code,
        )
    return struck
