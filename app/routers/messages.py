"""The main job: a shopper's message in; an answer, an act or a hand-over out."""

from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Depends, Request
from pydantic import ConfigDict, Field

from app import errors
from app.routers import examples
from app.routers.answers import Json, StrictRoute, refusals
from app.routers.calling import Means, needs
from app.routers.schemas import In, Line, Moment, OperationOut, Out, Ref, Text
from app.routers.tickets import MessageOut, TicketOut
from app.routers.triage import TriageOut
from app.routers.waiting import show
from app.routers.writes import OptionalKey, Wait, perform
from app.services import ticket_views
from app.services.callers import Caller
from app.services.conversation import answers, pipeline, tokens
from app.services.conversation.inbound import Inbound
from app.services.conversation.pipeline import Repeated
from app.services.idempotency import Keyed

router = APIRouter(prefix="/v1/messages", tags=["Messages"], route_class=StrictRoute)
Writer = Annotated[Caller, Depends(needs("messages:write"))]

Channel = Literal["chat", "email", "sms", "whatsapp", "instagram", "facebook", "x", "phone", "web", "api"]


class SenderIn(In):
    """Who the channel says is writing; a claim, unless `identity` says more."""

    email: Annotated[Line, Field(max_length=320)] | None = None
    phone: Annotated[Line, Field(max_length=64)] | None = None
    external_id: Ref | None = None
    handle: Annotated[Line, Field(max_length=255)] | None = None
    name: Annotated[Line, Field(max_length=255)] | None = None


class FileIn(In):
    """A file that came with the message: by its id of `POST /v1/files`, or told by its name alone."""

    name: Annotated[Line, Field(max_length=255)]
    id: Ref | None = None


class ContextIn(In):
    """Where the shopper was."""

    page: Annotated[Line, Field(max_length=2000)] | None = None
    device: Annotated[Line, Field(max_length=500)] | None = None


class MessageIn(In):
    """A message. `identity`: `none`, `channel_verified` (the channel proves the sender), `session` (signed in)."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [examples.MESSAGE_IN]})

    channel: Channel
    text: Annotated[Text, Field(max_length=50_000)]
    customer: SenderIn = SenderIn()
    identity: Literal["none", "channel_verified", "session"] = "none"
    external_id: (
        Annotated[Ref, Field(description="The channel's own message id: repeated, the first answer.")] | None
    ) = None
    ticket_id: Ref | None = None
    conversation_token: (
        Annotated[
            str,
            Field(min_length=1, max_length=100, description="Of the answer before: the same browser goes on chatting."),
        ]
        | None
    ) = None
    order_number: Ref | None = None
    subject: Annotated[Line, Field(max_length=500)] | None = None
    locale: Annotated[Line, Field(max_length=35)] | None = None
    files: Annotated[list[Ref | FileIn], Field(max_length=20, description="`fil_…`, or with a name.")] = []
    context: ContextIn = ContextIn()
    button: Annotated[Line, Field(max_length=500, description="The `value` of a button that was pressed.")] | None = (
        None
    )
    department: Annotated[Line, Field(max_length=100)] | None = None
    occurred_at: Moment | None = None

    def inbound(self, caller: Caller) -> Inbound:
        """In the words of the service; raises `ticket_not_found` for a conversation that is not this browser's."""
        token = self.conversation_token
        return Inbound(
            channel=self.channel,
            text=self.text,
            customer=self.customer.model_dump(),
            identity=self.identity,
            external_id=self.external_id,
            ticket_id=self.ticket_id if token is None else tokens.ticket_of(caller, token),
            by_token=token is not None,
            order_number=self.order_number,
            subject=self.subject,
            locale=self.locale,
            files=tuple(
                {"name": None, "id": file} if isinstance(file, str) else file.model_dump() for file in self.files
            ),
            context=self.context.model_dump(exclude_none=True),
            button=self.button,
            department=self.department,
            occurred_at=self.occurred_at,
        )


class ReplyOut(Out):
    """What the shopper is to be shown."""

    id: str
    text: str
    language: str | None
    buttons: list[dict[str, Any]]
    cards: list[dict[str, Any]]


class BriefDecisionOut(Out):
    """What the guard said."""

    id: str
    action: str
    outcome: str = Field(description="allow refuse ask")
    code: str | None
    reasons: list[str]
    rules: list[str]
    policy_version: str
    created_at: str


class AnswerOut(Out):
    """What became of the message."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.ANSWER]})

    message: MessageOut
    ticket: TicketOut
    triage: TriageOut
    outcome: str = Field(description="answered acted awaiting_customer handed_off acknowledged")
    reply: ReplyOut | None
    operations: list[OperationOut]
    decisions: list[BriefDecisionOut]
    conversation_token: str | None = Field(
        None, description="To a browser's own credential only: `conversation_token` of the next message."
    )


@router.post(
    "",
    summary="Receive a shopper's message",
    status_code=201,
    response_model=AnswerOut,
    responses={
        200: {"model": AnswerOut, "description": "This `external_id` was here before: the first answer."},
        **refusals(errors.TicketNotFound, errors.FileNotFound, errors.IdempotencyKeyReused, errors.IdempotencyKeyInUse),
    },
)
async def receive(
    request: Request, body: MessageIn, means: Means, caller: Writer, key: OptionalKey, wait: Wait
) -> Json:
    """Understand the message, look into shop and carrier, then answer, act, or hand over with everything filled in."""
    if caller.in_browser:
        _check_browser(caller, body)

    known: dict[str, Any] = {}

    async def run(keyed: Keyed | None) -> str:
        received = await pipeline.receive(means, caller, body.inbound(caller), keyed)
        if received.answer is not None:
            known[received.id] = received.answer
        return received.id

    try:
        answer = await perform(request, means, caller, "message", run, key=key, wait=wait, answered=known)
    except Repeated as repeated:
        answer = await show(means, caller, "message", repeated.message_id, wait, 200)
        shown = orjson.loads(bytes(answer.body))
        # Where the first delivery was answered by nobody, as in a crash, the first that is answered is this.
        if not answers.is_open(shown):
            await means.db.write(answers.keep_answer, repeated.message_id, shown)
        return answer
    if not known and "Idempotent-Replayed" not in answer.headers:
        shown = orjson.loads(bytes(answer.body))
        await means.db.write(answers.keep_answer, shown["message"]["id"], shown)
    return _to_browser(caller, answer) if caller.in_browser else answer


PAGES = ("chat", "web")


def _check_browser(caller: Caller, body: MessageIn) -> None:
    """A page speaks for itself alone: no other channel, no proof by its own word, no id that others' systems give."""
    if body.channel not in PAGES[: 1 if caller.anonymous else 2]:
        raise errors.Forbidden("From a web page come chat messages, no others.")
    if caller.anonymous and body.identity != "none":
        raise errors.Forbidden("A publishable key proves nobody: start a shopper session.")
    if body.external_id is not None:
        raise errors.Forbidden("The external_id of a message is given by the store's systems, with a secret key.")
    if body.ticket_id is not None and (caller.anonymous or body.conversation_token is not None):
        raise errors.Forbidden("A chat goes on by its conversation_token.")


NOBODYS: dict[str, Any] = {
    "customer": None,
    "order": None,
    "proof": 0,
    "department": None,
    "subject": None,
    "contact": {},
}
"""What stands in a ticket for whom nobody knows: the store may have merged the chat into what another has written."""


def _to_browser(caller: Caller, answer: Json) -> Json:
    """The answer as the shopper's own browser may read it, with the token by which the chat goes on."""
    shown = orjson.loads(bytes(answer.body))
    told = dict(answer.headers)
    told.pop("content-length")
    if answer.status_code < 400:
        ticket = shown["ticket"]
        ticket |= ticket_views.NOT_FOR_SHOPPERS
        if caller.anonymous:
            ticket |= NOBODYS
        shown["conversation_token"] = tokens.token_for(caller, ticket["id"])
    return Json(shown, status_code=answer.status_code, headers=told)
