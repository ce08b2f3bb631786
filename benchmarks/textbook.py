"""Create a ticket as a textbook does on SQLite: FastAPI, an ORM session per request, aiosqlite."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, FastAPI
from pydantic import BaseModel
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from app import clock, ids
from app.models.records import Event
from app.models.tickets import Message, Ticket
from benchmarks.statements import STORE

engine = create_async_engine(os.environ["TEXTBOOK_URL"])
sessions = async_sessionmaker(engine, expire_on_commit=False)


@event.listens_for(engine.sync_engine, "connect")
def _as_durable_as_ours(connection: Any, _: object) -> None:
    for pragma in ("journal_mode=wal", "synchronous=full", "busy_timeout=60000"):
        connection.execute(f"PRAGMA {pragma}")


async def session() -> AsyncIterator[AsyncSession]:
    """One per request."""
    async with sessions() as found:
        yield found


class TicketIn(BaseModel):
    """What is asked for."""

    subject: str
    text: str
    channel: str


@asynccontextmanager
async def _live(_: FastAPI) -> AsyncIterator[None]:
    yield
    await engine.dispose()


app = FastAPI(lifespan=_live)


@app.get("/tickets")
async def ready() -> dict[str, bool]:
    """Whether it is up."""
    return {"ready": True}


@app.post("/tickets", status_code=201)
async def create(body: TicketIn, db: Annotated[AsyncSession, Depends(session)]) -> dict[str, Any]:
    """A ticket, its first message and two events."""
    now = clock.now()
    owned: dict[str, Any] = {"store_id": STORE, "livemode": False, "created_at": now}
    ticket = Ticket(id=ids.new("tkt"), **owned, subject=body.subject, channel=body.channel, event_sequence=2)
    author = {"type": "merchant"}
    message = Message(id=ids.new("msg"), ticket_id=ticket.id, **owned, direction="inbound", channel=body.channel,
                      author=author, text=body.text, occurred_at=now)  # fmt: skip
    shown = {"id": ticket.id, "subject": body.subject, "status": "open", "text": body.text}
    db.add(ticket)
    await db.flush()
    db.add(message)
    for sequence, kind in ((1, "ticket.created"), (2, "message.received")):
        db.add(Event(id=ids.new("evt"), **owned, type=kind, resource_type=kind.partition(".")[0],
                     resource_id=ticket.id, sequence=sequence, position=sequence, object=shown))  # fmt: skip
    await db.commit()
    return shown
