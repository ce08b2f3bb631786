"""Who has guessed wrong too often is not listened to for an hour, at that order and from that address.

Counted in the database, so that every process counts the same; under a lock, so that many guesses at once are no more
than as many after each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app import clock
from app.models.guesses import WrongGuess
from app.services.callers import Caller
from app.services.conversation import threads

LASTS = timedelta(hours=1)
AT_ORDER = 5
BY_SENDER = 15
"""An address is claimed as easily as a postal code: it may err more often than an order bears, lest a stranger shut
somebody out by writing in their name."""


def hold(session: Session, caller: Caller, *about: str) -> None:
    """Have rivals who guess at the same wait until our commit; always in one order, so that none waits in a circle."""
    threads.hold_all(session, *((caller.store_id, str(caller.livemode), "guess", name) for name in sorted(about)))


def closed(session: Session, caller: Caller, counted: Sequence[tuple[str, int]]) -> bool:
    """Whether guesses are not listened to at present: at any of these, of which so many are let pass."""
    most = {_key(caller, about)[2]: limit for about, limit in counted}
    rows = session.scalars(
        select(WrongGuess).where(
            WrongGuess.store_id == caller.store_id, WrongGuess.livemode == caller.livemode, WrongGuess.about.in_(most)
        )
    )
    return any(row.count >= most[row.about] and clock.now() - row.since < LASTS for row in rows)


def count(session: Session, caller: Caller, about: str, most: int, tries: int) -> None:
    """Add wrong guesses; the hour runs from the first of them, and from the last once they are too many."""
    now = clock.now()
    row = session.get(WrongGuess, _key(caller, about))
    if row is None:
        store_id, livemode, hashed = _key(caller, about)
        row = WrongGuess(store_id=store_id, livemode=livemode, about=hashed, count=0, since=now)
        session.add(row)
    if now - row.since >= LASTS:
        row.count, row.since = 0, now
    row.count += tries
    if row.count >= most:
        row.since = now
    session.flush()


def _key(caller: Caller, about: str) -> tuple[str, bool, str]:
    return caller.store_id, caller.livemode, sha256(about.encode()).hexdigest()


def purge(session: Session) -> None:
    """Forget what no longer counts."""
    session.execute(delete(WrongGuess).where(WrongGuess.since <= clock.now() - LASTS))


def limits(order: str, sender: str | None) -> Sequence[tuple[str, int]]:
    """What a guess at an order is counted under, and how many are let pass."""
    return [(f"order:{order}", AT_ORDER), *([(f"sender:{sender}", BY_SENDER)] if sender else [])]
