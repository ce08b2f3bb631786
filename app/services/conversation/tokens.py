"""The token by which an anonymous chat goes on: a ticket's id with our mark on it, good for one publishable key.

Whoever holds it is the browser that the chat was with: it is given to nobody else. It is made anew from the store's own
secret whenever it is needed, so that nothing is kept, and a repeated request is answered with the same.
"""

from __future__ import annotations

import base64
import hmac
import re
from hashlib import sha256

from app import ids
from app.errors import TicketNotFound
from app.services.callers import Caller

FORM = re.compile(r"cvt_([0-7][0-9a-z]{25})_([A-Za-z0-9_-]{43})")


def token_for(caller: Caller, ticket_id: str) -> str:
    """The token of this ticket for the browser's key."""
    return f"cvt_{ticket_id.removeprefix('tkt_')}_{_mark(caller, ticket_id)}"


def ticket_of(caller: Caller, token: str) -> str:
    """The ticket that the token is for; raises `ticket_not_found` for one that we have not made for this key."""
    form = FORM.fullmatch(token)
    if form is None:
        raise TicketNotFound
    ticket_id = f"tkt_{form[1]}"
    if not ids.is_id(ticket_id, "tkt") or not hmac.compare_digest(form[2], _mark(caller, ticket_id)):
        raise TicketNotFound
    return ticket_id


def _mark(caller: Caller, ticket_id: str) -> str:
    key = caller.opened_by or caller.key_id
    bound = "\x00".join(("conversation", caller.store_id, str(caller.livemode), key, ticket_id))
    digest = hmac.new(caller.store.cursor_secret.encode(), bound.encode(), sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
