"""What every act of the conversation has: who speaks about what, a try at an action, and what is said to a no."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel
from sqlalchemy.orm import Session

from app.errors import AppError
from app.models.orders import Order
from app.services import decisions
from app.services.actions import registry
from app.services.actions.registry import Action, Ready
from app.services.callers import Caller
from app.services.conversation.inbound import Inbound
from app.services.decisions import Asked
from app.services.idempotency import Identified
from app.services.orders import Ledgers
from app.services.policy import parts
from app.services.policy.document import PROOF
from app.services.wording import say, say_counted

P = TypeVar("P", bound=BaseModel)

TOLD = frozenset(
    {
        "order_not_pending",
        "already_canceled",
        "order_not_delivered",
        "return_window_closed",
        "already_returned",
        "item_not_returnable",
        "already_claimed",
    }
)
"""Refusals that the shopper is told; all others go to a person."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What a plan came to."""

    outcome: str
    """`answered acted awaiting_customer handed_off acknowledged`."""
    text: str | None = None
    buttons: tuple[dict[str, Any], ...] = ()
    cards: tuple[dict[str, Any], ...] = ()
    order_id: str | None = None
    reason: str | None = None
    """Why a person takes over."""


@dataclass(slots=True)
class Scene:
    """What an act may use; facts were read before the transaction began."""

    session: Session
    caller: Caller
    """Automation, acting for the proved shopper."""
    inbound: Inbound
    language: str
    proof: int
    orders: tuple[str, ...]
    named: bool
    ledgers: dict[str, Ledgers] = field(default_factory=dict[str, Ledgers])

    def say(self, key: str, **facts: str) -> str:
        """A sentence in the shopper's language."""
        return say(key, self.language, **facts)

    def say_counted(self, key: str, count: int, **facts: str) -> str:
        """The same of what has a number in it."""
        return say_counted(key, self.language, count, **facts)


def level(scene: Scene, action: parts.Action) -> int:
    """The proof that the store's policy wants for an action."""
    return decisions.policy_of(scene.session, scene.caller).proof.get(action, PROOF.get(action, 2))


def person(scene: Scene) -> dict[str, Any]:
    """The way out that every question offers."""
    return {"label": scene.say("button.person"), "value": "person"}


def attempt(
    scene: Scene, order: Order, action: Action[P], params: P, said: Ledgers | None = None
) -> Identified | AppError:
    """Run an action in a savepoint; a refusal leaves nothing but the decision that says no, a question what waits."""
    ready = Ready(order.id, said)
    try:
        with scene.session.begin_nested():
            return action.write(scene.session, scene.caller, params, ready)
    except Asked as asked:
        registry.park(scene.session, scene.caller, action, params, ready, asked)
        return asked
    except AppError as refused:
        decisions.keep_refusal(scene.session, scene.caller, action.guard or action.name, refused, order.id)
        return refused


def sign_in(scene: Scene, order: Order) -> Turn:
    """What is proved is not enough; signed in it is."""
    return Turn("awaiting_customer", scene.say("ask.sign_in"), order_id=order.id)


def refused(scene: Scene, order: Order, no: AppError) -> Turn:
    """The no itself where a shopper may be told it, the way to more proof where it lacks, else a person's matter."""
    if no.name == "proof_required":
        return sign_in(scene, order)
    if no.name in TOLD:
        return Turn("answered", scene.say(f"no.{no.name}", number=order.number), order_id=order.id)
    return pass_on(scene, order, no.name)


def pass_on(scene: Scene, order: Order, reason: str) -> Turn:
    """To a person, with the reason why."""
    return Turn("handed_off", scene.say("handoff"), order_id=order.id, reason=reason)
