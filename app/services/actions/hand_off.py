"""Give a ticket to a person, filled in from what it holds."""

from typing import Annotated, Literal

from pydantic import Field
from sqlalchemy.orm import Session

from app.errors import Forbidden
from app.models.tickets import Ticket
from app.services import handovers, ticket_views
from app.services.actions.registry import Action, Ready
from app.services.callers import Caller
from app.services.params import In, Line, PathRef, Text
from app.services.runtime import Runtime


class HandOffParams(In):
    """Which ticket, and why a person takes over."""

    ticket: PathRef
    reason: Annotated[Line, Field(max_length=200)]
    summary: Annotated[Text, Field(max_length=2000)] | None = None
    team: Annotated[Line, Field(max_length=100)] | None = None
    priority: Literal["low", "normal", "high", "urgent"] | None = None


async def read(runtime: Runtime, caller: Caller, params: HandOffParams) -> Ready:
    """Nothing outside is asked."""
    del runtime, caller, params
    return Ready()


def write(session: Session, caller: Caller, params: HandOffParams, ready: Ready) -> Ticket:
    """Fill in what a person needs, and put the ticket on top of their pile."""
    del ready
    if caller.by_token and (params.team, params.priority) != (None, None):  # nor do they learn which teams there are
        raise Forbidden("Which team gets a ticket and how urgent it is, the store says.")
    ticket = ticket_views.get(session, caller, params.ticket, lock=True)
    return handovers.take(session, caller, ticket, params.model_dump(exclude={"ticket"}))


ACTION = Action(
    name="hand_off",
    description="Give a ticket to a person, with what was asked, tried and decided filled in.",
    params=HandOffParams,
    guard=None,
    proof=1,
    cost="none",
    scope="tickets:write",
    route="POST /v1/tickets/{ticket}/handoff",
    resource="ticket",
    status=200,
    read=read,
    write=write,
    free_text=("reason", "summary", "team"),
)
