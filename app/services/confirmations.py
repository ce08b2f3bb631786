"""Previews: the very same write, rolled back at its end; and the token that lets exactly that write happen.

A preview runs the write's own work in the write's own transaction and ends it by `Rehearsed`, so that nothing of it
stays. A token is checked and used up in the transaction of the effect: a crash loses both or keeps both.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

import orjson
from sqlalchemy import delete, event
from sqlalchemy.orm import Session

from app import clock
from app.errors import AppError, ApprovalRequired, ConfirmationRequired, FactsChanged, Unavailable
from app.models.approvals import Confirmation
from app.models.changes import Change
from app.models.orders import Order
from app.models.records import Decision
from app.services import idempotency, preview_effects
from app.services.callers import Caller
from app.services.idempotency import Identified
from app.services.ledgers import Ledger
from app.services.order_views import payments_of

LIVES = timedelta(minutes=15)
KEPT = timedelta(days=1)
"""How long a token's record stays after it has expired."""
RANK = {"allow": 0, "ask": 1, "refuse": 2}
UNSTEADY = ("now", "spent")
"""Facts that move by themselves or by other orders; what they decide shows in the outcome."""
NAMES = ("refunds", "returns")
"""Of an order's ledger, ids: what was made in a preview has another one when it is made."""

View = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Bound:
    """What a token is good for: one caller's one request."""

    caller: Caller
    fingerprint: str

    @classmethod
    def to(cls, caller: Caller, method: str, path: str, body: Any) -> Bound:
        """The caller's key and shopper, method, path, and the body without `preview` and the token."""
        if isinstance(body, dict):
            body = {name: value for name, value in cast("View", body).items() if name != "preview"}
        request = idempotency.fingerprint(method, path, body)
        content = orjson.dumps([caller.key_id, caller.shopper, caller.agent, request])
        return cls(caller, hashlib.sha256(content).hexdigest())


class Rehearsed(Exception):
    """The end of a preview: what would have happened, with its transaction rolled back."""

    def __init__(self, decision: View | None, effects: list[View], facts: str) -> None:
        super().__init__("a preview ends here")
        self.decision, self.effects, self.facts = decision, effects, facts


@dataclass(slots=True)
class _Watched:
    """Every row that a transaction has added and not taken back, in the order of their coming."""

    rows: dict[int, Any] = field(default_factory=dict[int, Any])

    @classmethod
    def of(cls, session: Session) -> _Watched:
        """Begin to watch."""
        watched = cls()

        def came(_: Session, row: Any) -> None:
            watched.rows[id(row)] = row

        def went(_: Session, row: Any) -> None:
            watched.rows.pop(id(row), None)

        event.listen(session, "pending_to_persistent", came)
        event.listen(session, "persistent_to_transient", went)
        return watched

    def every(self, kind: type[Any]) -> list[Any]:
        """The new rows of one table."""
        return [row for row in self.rows.values() if isinstance(row, kind)]


class Preview:
    """Wraps a write so that it ends in `Rehearsed`; the idempotency key is not touched."""

    claims = False

    def __init__(self) -> None:
        self._watched = _Watched()

    def begin(self, session: Session) -> None:
        """Watch what is written."""
        self._watched = _Watched.of(session)

    def refused(self, error: AppError) -> AppError:
        """A preview of what is refused is refused."""
        return error

    def end(self, session: Session, made: Identified) -> None:
        """Roll everything back, with what it would have been."""
        del made
        session.flush()
        raise Rehearsed(*_told(session, self._watched))


class Confirmed:
    """Wraps a write that brings a token: valid for it, its facts unmoved, used up with it."""

    claims = True

    def __init__(self, bound: Bound, token: str) -> None:
        self._bound, self._hash = bound, _digest(token)
        self._watched = _Watched()

    def begin(self, session: Session) -> None:
        """Raise `confirmation_required` where the token is not good for this request."""
        row = session.get(Confirmation, self._hash, with_for_update=True)
        caller = self._bound.caller
        mine = row is not None and (row.store_id, row.livemode) == (caller.store_id, caller.livemode)
        if row is None or not mine or row.bound_to != self._bound.fingerprint:
            raise ConfirmationRequired
        if row.used_at is not None or row.expires_at <= clock.now():
            raise ConfirmationRequired
        self._watched = _Watched.of(session)

    def refused(self, error: AppError) -> AppError:
        """What the preview showed as possible is refused now: something has moved."""
        passing = isinstance(error, Unavailable | ConfirmationRequired | ApprovalRequired)
        return error if passing else FactsChanged(f"{FactsChanged.detail} {error.detail}")

    def end(self, session: Session, made: Identified) -> None:
        """Use the token up; raises `facts_changed` where something has moved since the preview."""
        del made
        session.flush()
        row = session.get_one(Confirmation, self._hash)
        if _told(session, self._watched)[2] != row.facts:
            raise FactsChanged
        row.used_at = clock.now()


def issue(session: Session, bound: Bound, shown: Rehearsed) -> tuple[str, datetime]:
    """A token for the write that was previewed, and when it ends; only its hash is kept."""
    token = "cft_" + secrets.token_urlsafe(32)
    now = clock.now()
    session.add(
        Confirmation(
            hash=_digest(token),
            store_id=bound.caller.store_id,
            livemode=bound.caller.livemode,
            bound_to=bound.fingerprint,
            facts=shown.facts,
            shown={"decision": shown.decision, "effects": shown.effects},
            created_at=now,
            expires_at=now + LIVES,
            used_at=None,
        )
    )
    return token, now + LIVES


def purge(session: Session) -> None:
    """Forget tokens that ended a day ago."""
    session.execute(delete(Confirmation).where(Confirmation.expires_at <= clock.now() - KEPT))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


# ---- what would happen ------------------------------------------------------------------------------------------


def _told(session: Session, watched: _Watched) -> tuple[View | None, list[View], str]:
    """The decision, the effects, and the fingerprint of all that they rest on."""
    decisions: list[Decision] = watched.every(Decision)
    effects = preview_effects.told(watched)
    rests_on = [
        [[row.action, row.outcome, row.code, row.rules, row.policy_version, _steady(row.facts)] for row in decisions],
        effects,
        [_state(session, order_id) for order_id in sorted(_orders(watched))],
        [change.plan for change in watched.every(Change)],
    ]
    content = orjson.dumps(rests_on, option=orjson.OPT_SORT_KEYS)
    return _decision(decisions), effects, hashlib.sha256(content).hexdigest()


def _steady(facts: View) -> View:
    return {name: value for name, value in facts.items() if name not in UNSTEADY}


def _decision(decisions: list[Decision]) -> View | None:
    """All decisions of the write as one: the strictest outcome with its reasons. It has no id, as none is kept."""
    if not decisions:
        return None
    first = max(decisions, key=lambda row: RANK.get(row.outcome, 2))
    return {
        "id": None,
        "action": first.action,
        "outcome": first.outcome,
        "code": first.code,
        "reasons": first.reasons,
        "rules": list(dict.fromkeys(rule for row in decisions for rule in row.rules)),
        "policy_version": first.policy_version,
        "created_at": clock.rfc3339(first.created_at),
    }


def _orders(watched: _Watched) -> set[str]:
    found = {getattr(row, "order_id", None) for row in watched.rows.values()}
    return {order_id for order_id in found if order_id is not None}


def _state(session: Session, order_id: str) -> list[Any]:
    """The order as shop, payment provider and we hold it: whatever moves in it changes the fingerprint."""
    order = session.get_one(Order, order_id)
    ledger = Ledger.of(session, order)
    payments = [[row.id, row.captured, row.refunded_outside] for row in payments_of(session, order)]
    ours = {name: value for name, value in asdict(ledger).items() if name not in NAMES}
    return [order.status, order.snapshot, payments, ours]
