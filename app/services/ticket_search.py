"""Full-text search over tickets: which words stand in which ticket, written with the words themselves.

One row per word and ticket, in the order of the tickets' ids: the newest tickets with a common word are the end of one
range, however many there are. A search looks at `LOOKED_AT` hits of its rarest word at most and goes on by its cursor.
Notes are for the store's eyes and are not found.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    SmallInteger,
    Subquery,
    Table,
    and_,
    bindparam,
    delete,
    func,
    literal,
    or_,
    select,
    text,
)
from sqlalchemy.orm import Session

from app.models.tickets import Message, Ticket, TicketWord
from app.services import search_words
from app.services.callers import Caller
from app.statements import Rows

CHUNKS = (200, 800, 2000, 3000, 4000)
LOOKED_AT = sum(CHUNKS)
"""Hits of the rarest word that one page looks at; where few of them match the rest, the next page goes on."""
RANKED = 1000
"""Of how many of the newest hits the best are shown first."""
_COUNTED = 1000
"""As far as hits are counted to find out which word is the rarest."""
_WORDS = cast("Table", TicketWord.__table__)


FOUND_BY = Rows(_WORDS, "word", "weight", same=("ticket_id",))
"""By which words a ticket is found; those that it is found by already stay as they are."""


def found_by(ticket: Mapping[str, Any], subject: str | None, text: str | None) -> dict[str, Any] | None:
    """The values of `FOUND_BY` for a new ticket's row."""
    weights = search_words.weighed(text) if text else {}
    if subject:
        weights |= search_words.weighed(subject, subject=True)
    store_id, livemode = ticket["store_id"], ticket["livemode"]
    words = [search_words.key(store_id, word, livemode=livemode) for word in weights]
    return {"ticket_id": ticket["id"], "word": words, "weight": [*weights.values()]} if words else None


def add(session: Session, ticket: Ticket, said: str, *, subject: bool = False) -> None:
    """Have the ticket found by the words of `said`; what it is found by already stays."""
    row = (ticket.id, ticket.store_id, ticket.livemode)
    put(session, session.get_bind().dialect.name, row, said, subject=subject)


def put(on: Session | Connection, dialect: str, row: tuple[str, str, bool], said: str, *, subject: bool) -> None:
    """`add`, where there is no ticket but its row: id, store, mode."""
    ticket_id, store_id, livemode = row
    weights = search_words.weighed(said, subject=subject)
    keys = {search_words.key(store_id, word, livemode=livemode): weight for word, weight in weights.items()}
    if not keys:
        return
    if dialect == "postgresql":
        on.execute(_IN_ONE, {"ticket": ticket_id, "words": [*keys], "weights": [*keys.values()]})
    else:
        driver = on.connection() if isinstance(on, Session) else on
        driver.exec_driver_sql(_ONE_BY_ONE, [(word, ticket_id, weight) for word, weight in keys.items()])


# Built once: every message passes here.
_IN_ONE = text(
    "INSERT INTO ticket_words (word, ticket_id, weight)"
    " SELECT w, :ticket, g FROM unnest(:words, :weights) AS given (w, g) ORDER BY w ON CONFLICT DO NOTHING"
).bindparams(bindparam("words", type_=ARRAY(BigInteger)), bindparam("weights", type_=ARRAY(SmallInteger)))
_ONE_BY_ONE = "INSERT OR IGNORE INTO ticket_words (word, ticket_id, weight) VALUES (?, ?, ?)"


def reindex(session: Session, ticket: Ticket, *gone: str) -> None:
    """Have the ticket found by what stands in it now, and no longer by what stood in `gone`."""
    forget(session, ticket, gone)
    if ticket.subject is not None:
        add(session, ticket, ticket.subject, subject=True)
    spoken = select(Message.text).where(Message.ticket_id == ticket.id, Message.direction != "internal")
    for said in session.scalars(spoken.order_by(Message.id)):
        add(session, ticket, said)


def forget(session: Session, ticket: Ticket, texts: Iterable[str]) -> None:
    """Have the ticket found by no word of `texts` any more."""
    old = {word for said in texts for word in search_words.words(said)}
    keys = [search_words.key(ticket.store_id, word, livemode=ticket.livemode) for word in old]
    for part in _parts(keys, 500):
        session.execute(delete(_WORDS).where(_WORDS.c.ticket_id == ticket.id, _WORDS.c.word.in_(part)))


def _parts(keys: Sequence[int], size: int) -> Iterable[Sequence[int]]:
    return (keys[at : at + size] for at in range(0, len(keys), size))


@dataclass(frozen=True, slots=True)
class Found:
    """A page of hits, and where the next one begins (None: there is no more)."""

    tickets: list[Ticket]
    place: Any


def newest(
    session: Session,
    caller: Caller,
    q: str,
    conditions: Sequence[ColumnElement[bool]],
    place: str | None,
    limit: int,
    chunks: Sequence[int] = CHUNKS,
) -> Found:
    """Tickets with all words of `q` that meet `conditions`, newest first, from behind the id `place`.

    `chunks`: of how many hits of the rarest word it takes a look, one after the other.
    """
    keys = _keys(session, caller, q)
    if not keys:
        return Found([], None)
    found: list[Ticket] = []
    for size in chunks:
        hits = _hits(keys[0], place, size)
        looked, last = session.execute(select(func.count(), func.min(hits.c.ticket_id))).one()
        query = select(Ticket).join(hits, hits.c.ticket_id == Ticket.id).where(*conditions, *_with_the_others(keys))
        found += session.scalars(query.order_by(Ticket.id.desc()).limit(limit + 1 - len(found)))
        if len(found) > limit:
            return Found(found[:limit], found[limit - 1].id)
        if looked < size:
            return Found(found, None)
        place = last
    return Found(found, place)


def best(
    session: Session,
    caller: Caller,
    q: str,
    conditions: Sequence[ColumnElement[bool]],
    place: list[Any] | None,
    limit: int,
) -> Found:
    """The newest `RANKED` hits, those first whose words weigh most, of these the newest.

    `place` holds the newest id there was on the first page, so that a ticket that comes in meanwhile moves nothing;
    the weight and the id of the last hit shown.
    """
    keys = _keys(session, caller, q)
    if not keys:
        return Found([], None)
    newest_hit = None if place is None else place[0]
    hits = _hits(keys[0], None if newest_hit is None else newest_hit + "~", RANKED)
    newest_hit = newest_hit or session.scalar(select(func.max(hits.c.ticket_id)))
    weight = func.sum(_WORDS.c.weight)
    scored = (
        select(hits.c.ticket_id, weight.label("weight"))
        .join(_WORDS, (_WORDS.c.ticket_id == hits.c.ticket_id) & _WORDS.c.word.in_(keys))
        .group_by(hits.c.ticket_id)
        .having(func.count() == len(keys))
        .subquery()
    )
    query = select(Ticket, scored.c.weight).join(scored, scored.c.ticket_id == Ticket.id).where(*conditions)
    if place is not None:
        query = query.where(or_(scored.c.weight < place[1], and_(scored.c.weight == place[1], Ticket.id < place[2])))
    rows = session.execute(query.order_by(scored.c.weight.desc(), Ticket.id.desc()).limit(limit + 1)).all()
    shown = rows[:limit]
    more = len(rows) > limit
    return Found([row[0] for row in shown], [newest_hit, int(shown[-1][1]), shown[-1][0].id] if more else None)


def _keys(session: Session, caller: Caller, q: str) -> list[int]:
    """The words of `q`, the rarest first; none where one of them stands nowhere."""
    keys = [search_words.key(caller.store_id, word, livemode=caller.livemode) for word in search_words.wanted(q)]
    if len(keys) <= 1:
        return keys
    some = (select(literal(1)).where(_WORDS.c.word == key).limit(_COUNTED).subquery() for key in keys)
    counts = session.execute(select(*(select(func.count()).select_from(one).scalar_subquery() for one in some))).one()
    return [] if 0 in counts else [key for _, key in sorted(zip(counts, keys, strict=True))]


def _hits(word: int, before: str | None, limit: int) -> Subquery:
    """The newest tickets with a word, before an id: never more than `limit`, whatever is asked of them."""
    query = select(_WORDS.c.ticket_id).where(_WORDS.c.word == word)
    if before is not None:
        query = query.where(_WORDS.c.ticket_id < before)
    return query.order_by(_WORDS.c.ticket_id.desc()).limit(limit).subquery()


def _with_the_others(keys: Sequence[int]) -> list[ColumnElement[bool]]:
    return [
        select(literal(1)).select_from(_WORDS).where(_WORDS.c.word == key, _WORDS.c.ticket_id == Ticket.id).exists()
        for key in keys[1:]
    ]
