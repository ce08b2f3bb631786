"""Streams of events: one reader of the log per store and process, however many listen, and each misses nothing.

Whoever comes back with the id of the last event that they have seen is told first what came behind it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Collection
from dataclasses import dataclass, field
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.database import Database
from app.errors import AppError, TooManyRequests
from app.models.records import Event
from app.models.tickets import Ticket
from app.services import events
from app.services.events import Place

log = structlog.get_logger()

POLL = 0.2
"""Seconds between two looks at the log of a store that somebody listens to."""
PAGE = 200
MOST_WAITING = 1000
"""Events that a slow listener may be behind; then it is sent away, and comes back where it was."""
MOST_PER_STORE = 2000
MOST_TICKETS = 500
TOLD_TO_SHOPPERS = frozenset({"message.received", "message.sent"})
"""Of a conversation what its shopper is shown whole; of its ticket only how it stands, and of notes nothing."""


@dataclass(slots=True)
class Interest:
    """What one listener wants: everything (of these types and this resource), or what a shopper may hear."""

    store_id: str
    livemode: bool
    types: Collection[str] = ()
    resource: str | None = None
    customer: str | None = None
    tickets: set[str] | None = None
    """A shopper's conversations by their ids; None: the store listens."""

    def wants(self, row: Event) -> bool:
        """Whether it is told this event."""
        if self.tickets is None:
            fits = not self.types or any(row.type == kind or _covers(kind, row.type) for kind in self.types)
            return fits and self.resource in {None, row.resource_id}
        if self.customer is not None and row.resource_type == "ticket":
            mine = row.object.get("customer") == self.customer
            (self.tickets.add if mine else self.tickets.discard)(row.resource_id)
        return row.resource_id in self.tickets and (row.resource_type == "ticket" or row.type in TOLD_TO_SHOPPERS)

    def shown(self, row: Event) -> dict[str, Any]:
        """The event as this listener may read it."""
        told = events.view(row)
        if self.tickets is None:
            return told
        shown: dict[str, Any] = dict(row.object)
        if row.resource_type == "ticket":
            shown = {name: row.object.get(name) for name in ("id", "status", "updated_at")}
        else:
            shown["author"] = {"type": row.object["author"].get("type")}  # who of the store it was is the store's
        return {**told, "origin": None, "data": {"object": shown, "previous": None}}


def _covers(pattern: str, kind: str) -> bool:
    return pattern.endswith(".*") and kind.startswith(pattern[:-1])


def conversations(session: Session, store_id: str, livemode: bool, customer: str) -> set[str]:  # noqa: FBT001
    """A customer's newest tickets."""
    query = select(Ticket.id).where(
        Ticket.store_id == store_id, Ticket.livemode == livemode, Ticket.customer_id == customer
    )
    return set(session.scalars(query.order_by(Ticket.id.desc()).limit(MOST_TICKETS)))


@dataclass(slots=True, eq=False)
class _Listener:
    interest: Interest
    waiting: deque[Event] = field(default_factory=deque[Event])
    rung: asyncio.Event = field(default_factory=asyncio.Event)
    gone: bool = False

    def push(self, row: Event) -> None:
        if len(self.waiting) >= MOST_WAITING:
            self.gone = True
        elif not self.gone:
            self.waiting.append(row)
        self.rung.set()


class _Tail:
    """Reads one store's log as it grows, for all who listen here."""

    def __init__(self, db: Database, store_id: str, livemode: bool) -> None:  # noqa: FBT001
        self._db, self._store_id, self._livemode = db, store_id, livemode
        self.place: Place | None = None
        self.listeners: set[_Listener] = set()
        self.task: asyncio.Task[None] | None = None
        self._starts = asyncio.Lock()

    async def begin(self) -> Place:
        """Where it reads; it starts with the first who listens."""
        async with self._starts:
            if self.place is None:
                self.place = await self._db.read(events.end, store_id=self._store_id, livemode=self._livemode)
            if self.task is None:
                self.task = asyncio.create_task(self._run(), name="event-stream")
        return self.place

    async def _run(self) -> None:
        while True:
            try:
                rows = await self._db.read(self._next)
            except AppError:  # the database is away: those who listen wait with us
                rows = []
            for row in rows:
                self.place = (row.position, row.sequence, row.id)
                for listener in self.listeners:
                    if listener.interest.wants(row):
                        listener.push(row)
            if len(rows) < PAGE:
                await asyncio.sleep(POLL)

    def _next(self, session: Session) -> list[Event]:
        return events.after(session, store_id=self._store_id, livemode=self._livemode, cursor=self.place, limit=PAGE)

    def end(self) -> None:
        """Nobody listens any more."""
        if self.task is not None:
            self.task.cancel()


class Streams:
    """Every stream of this process."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._tails: dict[tuple[str, bool], _Tail] = {}
        self._stopping = asyncio.Event()

    @property
    def open(self) -> int:
        """How many listen."""
        return sum(len(tail.listeners) for tail in self._tails.values())

    def stop(self) -> None:
        """Have every stream end, and let none begin: the process is told to go. Listeners come back elsewhere."""
        self._stopping.set()
        for tail in self._tails.values():
            for listener in tail.listeners:
                listener.gone = True
                listener.rung.set()

    def admit(self, interest: Interest) -> None:
        """Raise `rate_limited` where too many listen already."""
        tail = self._tails.get((interest.store_id, interest.livemode))
        if tail is not None and len(tail.listeners) >= MOST_PER_STORE:
            raise TooManyRequests("Too many streams of this store are open here.", headers={"Retry-After": "5"})

    async def listen(
        self, interest: Interest, start: Place | None, seconds: float, beat: float
    ) -> AsyncGenerator[Event | None]:
        """Events as they come, for so many seconds; None each `beat` seconds in which nothing came.

        `start`: behind it what has been so far is told first.
        """
        key = interest.store_id, interest.livemode
        tail = self._tails.setdefault(key, _Tail(self._db, *key))
        listener = _Listener(interest)
        listener.gone = self._stopping.is_set()
        loop = asyncio.get_running_loop()
        ends = loop.time() + seconds
        tail.listeners.add(listener)
        try:
            until = await tail.begin()
            if start is not None:
                async for row in self._missed(interest, start, until):
                    yield row
            while not listener.gone or listener.waiting:
                while listener.waiting:
                    yield listener.waiting.popleft()
                left = ends - loop.time()
                if left <= 0 or listener.gone:
                    return
                listener.rung.clear()
                if not await _rung(listener.rung, min(beat, left)) and left > beat:
                    yield None
        finally:
            tail.listeners.discard(listener)
            if not tail.listeners and self._tails.get(key) is tail:
                del self._tails[key]  # whoever comes now begins another
                tail.end()

    async def _missed(self, interest: Interest, start: Place, until: Place) -> AsyncGenerator[Event]:
        """What came behind `start` up to where the tail reads on."""
        cursor = start
        while cursor < until:
            rows = await self._db.read(
                events.after, store_id=interest.store_id, livemode=interest.livemode, cursor=cursor, limit=PAGE
            )
            for row in rows:
                cursor = (row.position, row.sequence, row.id)
                if cursor <= until and interest.wants(row):
                    yield row
            if len(rows) < PAGE:
                return


async def _rung(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
