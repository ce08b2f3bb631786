"""How a shopper found it: one answer of each kind per ticket, given by a caller or by whoever holds the link."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from sqlalchemy import Table, bindparam, select
from sqlalchemy.orm import Session

from app import clock
from app.database import insert_missing
from app.errors import AlreadyRated, RatingLinkExpired, RatingLinkNotFound
from app.models.stores import Store
from app.models.tickets import Ticket, TicketRating
from app.services import events, ticket_views
from app.services.callers import Caller

KINDS = ("csat", "effort")
TOKEN = re.compile(r"([0-7][0-9a-hjkmnp-tv-z]{25})\.(\d{1,12})\.([A-Za-z0-9_-]{22})")
NOBODY = "0" * 32
"""Signs nothing: what a link to no ticket is held against, so that it is answered no sooner than a forged one."""


@dataclass(frozen=True, slots=True)
class Given:
    """What was answered; at least one of the scores."""

    csat: int | None = None
    effort: int | None = None
    comment: str | None = None

    def scores(self) -> dict[str, int]:
        """By kind."""
        return {name: score for name in KINDS if (score := getattr(self, name)) is not None}


def rate(session: Session, caller: Caller, ticket_id: str, given: Given) -> Ticket:
    """Keep the answers of a caller's; raises `already_rated` where one of them was given before."""
    ticket = ticket_views.get(session, caller, ticket_id, lock=True)
    return _keep(session, ticket, given, caller.actor())


def rate_by_link(session: Session, token: str, given: Given) -> Ticket:
    """Keep the answers of whoever holds the link; raises as `rate` and `opened` do."""
    ticket, _ = opened(session, token, lock=True)
    return _keep(session, ticket, given, {"type": "link", "id": None})


def _keep(session: Session, ticket: Ticket, given: Given, by: dict[str, Any]) -> Ticket:
    for kind, score in given.scores().items():
        row: dict[str, Any] = {
            "ticket_id": ticket.id,
            "kind": kind,
            "store_id": ticket.store_id,
            "livemode": ticket.livemode,
            "created_at": clock.now(),
            "score": score,
            "comment": given.comment,
            "by": by,
        }
        if not insert_missing(session, TicketRating, row):
            raise AlreadyRated
    shown = {**ticket_views.view(ticket), "ratings": of(session, ticket.id)}
    events.record(session, "ticket.rated", ticket, shown)
    return ticket


def of(session: Session, ticket_id: str) -> dict[str, Any]:
    """`csat` and `effort` with what was said beside them; null where nobody has answered."""
    return shown([*session.connection().execute(OF_TICKET, {"of": ticket_id}).mappings()])


def shown(rows: Sequence[Any]) -> dict[str, Any]:
    """The rows (mappings) of `OF_TICKET` as `of` shows them."""
    found = {row["kind"]: row["score"] for row in rows}
    said = next((row["comment"] for row in rows if row["comment"] is not None), None)
    return {**{kind: found.get(kind) for kind in KINDS}, "comment": said}


# Built once: every ticket that is read passes here.
_RATINGS = cast("Table", TicketRating.__table__)
OF_TICKET = select(_RATINGS.c.kind, _RATINGS.c.score, _RATINGS.c.comment).where(_RATINGS.c.ticket_id == bindparam("of"))


def view(session: Session, ticket: Ticket) -> dict[str, Any]:
    """A ticket's ratings as the contract shows them."""
    return {"ticket": ticket.id, "livemode": ticket.livemode, **of(session, ticket.id)}


# ---- links --------------------------------------------------------------------------------------------------------


def link(session: Session, caller: Caller, ticket_id: str, days: int) -> tuple[str, datetime]:
    """A token that lets whoever holds it rate this one ticket, and when it ends."""
    ticket = ticket_views.get(session, caller, ticket_id)
    ends = int((clock.now() + timedelta(days=days)).timestamp())
    suffix = ticket.id.removeprefix("tkt_")
    return f"{suffix}.{ends}.{_mark(caller.store.cursor_secret, suffix, ends)}", datetime.fromtimestamp(ends, UTC)


def opened(session: Session, token: str, *, lock: bool = False) -> tuple[Ticket, datetime]:
    """The ticket that a link is for and when it ends; `rating_link_not_found`, or `rating_link_expired`."""
    parts = TOKEN.fullmatch(token)
    if parts is None:
        raise RatingLinkNotFound
    suffix, ends, mark = parts[1], int(parts[2]), parts[3]
    query = select(Ticket).where(Ticket.id == f"tkt_{suffix}")
    ticket = session.scalar(query.with_for_update() if lock else query)
    secret = NOBODY if ticket is None else session.get_one(Store, ticket.store_id).cursor_secret
    genuine = hmac.compare_digest(_mark(secret, suffix, ends), mark)
    if ticket is None or not genuine:
        raise RatingLinkNotFound
    if ends <= clock.now().timestamp():
        raise RatingLinkExpired
    return ticket, datetime.fromtimestamp(ends, UTC)


def _mark(secret: str, suffix: str, ends: int) -> str:
    digest = hmac.new(secret.encode(), f"rating\x00{suffix}\x00{ends}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:16]).decode().rstrip("=")


def asked(session: Session, token: str) -> dict[str, Any]:
    """What a link asks: whose shop it is, and what has been answered."""
    ticket, ends = opened(session, token)
    store = session.get_one(Store, ticket.store_id)
    return {
        "store": store.name,
        "language": ticket.language,
        **of(session, ticket.id),
        "expires_at": clock.rfc3339(ends),
    }
