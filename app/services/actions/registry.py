"""The one door's table: every action declared once, in its own file of this folder, and found here.

An action is read, then written: `read` asks outside (the shop, the ledger) before the transaction, `write` decides and
makes the effect inside of it. Because of that split each one has its idempotency key, its preview and its approval from
here, whoever calls it: its own route, `/v1/actions`, a rule, a flow.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar, cast

from pydantic import BaseModel, ValidationError
from sqlalchemy.orm import Session

from app.errors import ActionNotFound, AppError, ConfirmationRequired, Invalid, NotConnected, NotSupported
from app.models.approvals import Approval
from app.services import approvals, events
from app.services.approvals import Made, Waiting
from app.services.callers import Caller
from app.services.decisions import Asked
from app.services.idempotency import Identified, Keyed, once
from app.services.policy import model
from app.services.runtime import Runtime
from app.services.scrubbing import scrub
from app.services.shown import Shown

P = TypeVar("P", bound=BaseModel)
Cost = Literal["none", "label", "money", "stock"]
ACTION = "action"


@dataclass(frozen=True, slots=True)
class Ready:
    """What was read before the transaction."""

    order_id: str | None = None
    said: Any = None
    """What the action's `write` needs besides: the payment provider's ledgers, a quote."""


@dataclass(frozen=True, slots=True)
class Action(Generic[P]):
    """One thing that can be done, with all that callers must know of it."""

    name: str
    description: str
    params: type[P]
    guard: str | None
    """What the guard and a policy call it, a name of theirs or a new one; None: nothing about an order is decided."""
    proof: int
    """The level that a shopper must have proved, unless the store's policy says otherwise."""
    cost: Cost
    scope: str
    resource: str
    """As what it is shown: one of `routers/resources.py`, or a kind of its own with `shown`."""
    read: Callable[[Runtime, Caller, P], Awaitable[Ready]]
    write: Callable[[Session, Caller, P, Ready], Identified]
    route: str = ""
    """Its twin: method and path, `{field}` taken from the parameters; empty: this is its only door."""
    status: int = 201
    """Of the answer once its effect is there."""
    shown: Shown | None = None
    """How a kind of its own is read."""
    park: Callable[[Session, Caller, P, Ready, Asked], Identified] | None = None
    """Where the thing itself waits for a person in a state of its own; else its parameters do."""
    repeats: bool = False
    """Asked for once more while it waits it is meant once more; else it is the same question about the order."""
    free_text: tuple[str, ...] = ()
    """Fields that people write into, `lines[].note` in each of a list: redacted before anything is stored."""
    needs: str | None = None
    """Among a shop's capabilities, where not every shop has what it takes."""


@cache
def every() -> dict[str, Action[Any]]:
    """Every action by its name: the files of this folder that have an `ACTION`; the guard is taught what they name."""
    found: dict[str, Action[Any]] = {}
    for module in sorted(module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)])):
        declared: Any = getattr(importlib.import_module(f"{__package__}.{module}"), "ACTION", None)
        if isinstance(declared, Action):
            action = cast("Action[Any]", declared)
            found[action.name] = action
            if action.guard is not None:
                model.know(action.guard, action.proof)
    return found


def find(name: str) -> Action[Any]:
    """The action of that name; raises `action_not_found`."""
    try:
        return every()[name]
    except KeyError:
        raise ActionNotFound from None


def schema(action: Action[Any]) -> dict[str, Any]:
    """The JSON schema of its parameters."""
    return action.params.model_json_schema()


def given(action: Action[P], fields: dict[str, Any]) -> P:
    """The parameters from a JSON body; raises `validation_failed` with a pointer for each finding."""
    return checked(action.params, fields)


def checked(model: type[P], fields: dict[str, Any]) -> P:
    """A model from a JSON body, or `validation_failed`."""
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)[:50]
        raise Invalid(errors=[_finding(item["loc"], item["type"], item["msg"]) for item in found]) from None


def _finding(path: Sequence[str | int], kind: str, said: str) -> dict[str, str]:
    pointer = "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)
    return {"pointer": pointer, "code": kind, "detail": said}


def supported(runtime: Runtime, caller: Caller, action: Action[Any]) -> bool:
    """Whether the store's shop has what it takes; one that is not connected has nothing of the kind."""
    if action.needs is None:
        return True
    try:
        return action.needs in runtime.providers(caller).commerce.capabilities
    except NotConnected:
        return False


# ---- running ----------------------------------------------------------------------------------------------------


async def run(runtime: Runtime, caller: Caller, action: Action[P], params: P, keyed: Keyed | None) -> str:
    """Do it once per key: our id of what it made, or of what waits for a person.

    Raises `not_supported` where the connected shop does not have what it takes, and `confirmation_required` where the
    caller must bring the token of a preview (`keyed.wrap`) and brings none.
    """
    if caller.must_confirm and action.cost != "none" and (keyed is None or keyed.wrap is None):
        raise ConfirmationRequired
    if action.needs is not None and action.needs not in runtime.providers(caller).commerce.capabilities:
        raise NotSupported
    params = await scrubbed(runtime, caller, action, params)
    ready = await action.read(runtime, caller, params)
    try:
        made = await _made(runtime, caller, action, params, keyed, ready)
    except AppError as refused:
        refused.order_id = ready.order_id
        raise
    return made.id


async def _made(
    runtime: Runtime, caller: Caller, action: Action[P], params: P, keyed: Keyed | None, ready: Ready
) -> Identified:
    try:
        return await runtime.db.write(_write, keyed, caller, action, params, ready)
    except Asked as asked:  # nothing of it stayed; what stays is the question
        return await runtime.db.write(_park, keyed, caller, action, params, ready, asked)


def _write(
    session: Session, keyed: Keyed | None, caller: Caller, action: Action[Any], params: Any, ready: Ready
) -> Identified:
    with events.caused_by(caller.connection):
        return once(session, keyed, action.resource, action.write, caller, params, ready)


def _park(
    session: Session, keyed: Keyed | None, caller: Caller, action: Action[Any], params: Any, ready: Ready, asked: Asked
) -> Identified:
    with events.caused_by(caller.connection):
        return once(session, keyed, action.resource, park, caller, action, params, ready, asked)


def park(session: Session, caller: Caller, action: Action[P], params: P, ready: Ready, asked: Asked) -> Identified:
    """What waits for a person in the place of a write that asked: the thing itself, or an approval."""
    if action.park is not None:
        return action.park(session, caller, params, ready, asked)
    return open_approval(session, caller, action, params, ready, asked)


def open_approval(
    session: Session, caller: Caller, action: Action[Any], params: BaseModel, ready: Ready, asked: Asked
) -> Approval:
    """An approval that holds the action's name and parameters; the one that there is where the same waits already."""
    parameters = params.model_dump(mode="json", include=set(action.params.model_fields))
    waits = None
    if ready.order_id is not None and not action.repeats:
        waits = approvals.same(session, caller, action=action.name, order_id=ready.order_id, parameters=parameters)
    return waits or approvals.open_asked(
        session,
        caller,
        asked,
        action=action.name,
        subject=(ACTION, None),
        order_id=ready.order_id,
        parameters=parameters,
    )


async def _read_again(runtime: Runtime, caller: Caller, approval: Approval) -> tuple[Any, Ready]:
    action = find(approval.action)
    params = given(action, approval.parameters)
    return params, await action.read(runtime, caller, params)


def _resume(session: Session, caller: Caller, approval: Approval, ready: Any) -> Made:
    action = find(approval.action)
    return action.resource, action.write(session, caller, *ready).id


def _nothing_held(session: Session, approval: Approval, status: str) -> None:
    """Nothing was written but the question."""
    del session, approval, status


approvals.register(ACTION, Waiting(_read_again, _resume, _nothing_held))


# ---- free text --------------------------------------------------------------------------------------------------


async def scrubbed(runtime: Runtime, caller: Caller, action: Action[P], params: P) -> P:
    """The same parameters with the free text in them redacted."""
    cleaned = params.model_copy(deep=True)
    places = [place for path in action.free_text for place in _places(cleaned, path)]
    said = await scrub(runtime, caller, [getattr(holder, name) for holder, name in places])
    for (holder, name), text in zip(places, said, strict=True):
        setattr(holder, name, text)
    return cleaned


def _places(holder: BaseModel, path: str) -> list[tuple[BaseModel, str]]:
    """Where the texts of `path` stand: the model that holds each, and its name in there."""
    head, _, rest = path.partition("[].")
    if rest:
        found: Any = getattr(holder, head) or []
        items: list[BaseModel] = [found] if isinstance(found, BaseModel) else found
        return [place for item in items for place in _places(item, rest)]
    return [(holder, head)] if getattr(holder, head) else []
