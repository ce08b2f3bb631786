"""Idempotency keys: written in the same transaction as what they protect."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, cast

import orjson
from sqlalchemy import Table, and_, bindparam, delete, insert, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app import clock
from app.database import insert_missing
from app.errors import AppError, IdempotencyKeyInUse, IdempotencyKeyReused
from app.models.records import Answer
from app.postgresql import LOCK_TIMEOUT, sqlstate
from app.statements import Part, within

REFUSALS_KEPT = timedelta(hours=24)

P = ParamSpec("P")


class Identified(Protocol):
    """What a write makes."""

    id: Any


T = TypeVar("T", bound=Identified)


class Wrap(Protocol):
    """What stands around a write in its transaction: a preview, or a confirmation (`services/confirmations.py`)."""

    claims: bool
    """Whether the key is taken; a preview leaves it free."""

    def begin(self, session: Session) -> None:
        """Before the work."""
        ...

    def refused(self, error: AppError) -> AppError:
        """What the caller hears where the work raised `error`."""
        ...

    def end(self, session: Session, made: Identified) -> None:
        """After the work; raising here undoes all of it."""
        ...


@dataclass(frozen=True, slots=True)
class Keyed:
    """One idempotency key with what it belongs to and what came with it."""

    store_id: str
    livemode: bool
    shopper: str
    key: str
    fingerprint: str
    wrap: Wrap | None = None

    @property
    def row(self) -> tuple[str, bool, str, str]:
        """The primary key of its answer."""
        return self.store_id, self.livemode, self.shopper, self.key


class Replayed(Exception):
    """The key has its answer already."""


def fingerprint(method: str, path: str, body: Any) -> str:
    """What makes two requests the same: method, path and body, `confirmation_token` left out."""
    if isinstance(body, dict):
        body = {name: value for name, value in body.items() if name != "confirmation_token"}  # pyright: ignore[reportUnknownVariableType]
    content = orjson.dumps([method, path, body], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(content).hexdigest()


def find(session: Session, keyed: Keyed) -> Answer | None:
    """The key's answer so far; raises `idempotency_key_reused` where it came with another request."""
    row = session.get(Answer, keyed.row)
    if row is None or (row.expires_at is not None and row.expires_at <= clock.now()):
        return None
    if row.fingerprint != keyed.fingerprint:
        raise IdempotencyKeyReused
    return row


def once(
    session: Session,
    keyed: Keyed | None,
    resource_type: str,
    work: Callable[Concatenate[Session, P], T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Run `work` under the key: the key row first, so that a rival waits for it; then what it made is noted in it.

    Raises `Replayed` where the key has been used, `idempotency_key_in_use` where its first request still runs.
    """
    if keyed is None:
        return work(session, *args, **kwargs)
    wrap = keyed.wrap
    if wrap is None or wrap.claims:
        _claim(session, keyed)
    if wrap is None:
        made = work(session, *args, **kwargs)
    else:
        wrap.begin(session)
        try:
            made = work(session, *args, **kwargs)
        except AppError as error:
            raise wrap.refused(error) from error
        wrap.end(session, made)
    within(session, _NOTED, **_bound(keyed), kind=resource_type, made=made.id)
    return made


def _claim(session: Session, keyed: Keyed) -> None:
    try:
        fresh = bool(within(session, _CLAIM, **_values(keyed), now=clock.now()))
    except DBAPIError as error:
        if sqlstate(error) == LOCK_TIMEOUT:
            raise IdempotencyKeyInUse from error
        raise
    if not fresh:
        raise Replayed


def _claiming(insert: Any) -> Any:
    """Take the key, or an answer's place whose day is over; no row where another request has it."""
    row = insert(_KEPT).values({name: bindparam(name, type_=_KEPT.c[name].type) for name in _CLAIMED})
    taken = row.on_conflict_do_update(
        index_elements=list(_KEPT.primary_key.columns),
        set_={column.name: row.excluded[column.name] for column in _KEPT.c if not column.primary_key},
        where=_KEPT.c.expires_at <= bindparam("now"),
    )
    return taken.returning(_KEPT.c.key)


# Built once: every write passes here.
_KEPT = cast("Table", Answer.__table__)
_CLAIMED = ("store_id", "livemode", "shopper", "key", "fingerprint", "created_at")
_CLAIM = Part(_claiming(postgresql_insert), sqlite=_claiming(sqlite_insert))
_THIS = and_(*(_KEPT.c[name] == bindparam(f"of_{name}") for name in ("store_id", "livemode", "shopper", "key")))
_NOTED = Part(update(_KEPT).where(_THIS).values(resource_type=bindparam("kind"), resource_id=bindparam("made")))
_ANSWERED = Part(
    update(_KEPT)
    .where(_THIS, _KEPT.c.body.is_(None))
    .values(status=bindparam("answer_status"), body=bindparam("answer_body"))
)


def _bound(keyed: Keyed) -> dict[str, Any]:
    return {
        "of_store_id": keyed.store_id,
        "of_livemode": keyed.livemode,
        "of_shopper": keyed.shopper,
        "of_key": keyed.key,
    }


def _values(keyed: Keyed) -> dict[str, Any]:
    return {
        "store_id": keyed.store_id,
        "livemode": keyed.livemode,
        "shopper": keyed.shopper,
        "key": keyed.key,
        "fingerprint": keyed.fingerprint,
        "created_at": clock.now(),
    }


ANSWERED_AT_ONCE = Part(
    insert(_KEPT).values(
        {column.name: bindparam(column.name, type_=column.type) for column in _KEPT.c if column.name != "expires_at"}
    )
)
"""A key that is taken and answered in one: where it is taken already, nothing beside it is stored either."""


def answered_at_once(keyed: Keyed, kind: str, made: str, status: int, body: bytes) -> dict[str, Any]:
    """The values of `ANSWERED_AT_ONCE`."""
    answer = {"status": status, "body": body.decode(), "resource_type": kind, "resource_id": made}
    return {**_values(keyed), **answer}


def keep_answer(session: Session, keyed: Keyed, status: int, body: bytes) -> None:
    """Keep a success as long as what it made; the first answer stays the answer."""
    within(session, _ANSWERED, **_bound(keyed), answer_status=status, answer_body=body.decode())


def keep_refusal(session: Session, keyed: Keyed, status: int, body: bytes) -> None:
    """Keep a refusal for a day, unless the key has come to something meanwhile."""
    expires = clock.now() + REFUSALS_KEPT
    insert_missing(session, Answer, {**_values(keyed), "status": status, "body": body.decode(), "expires_at": expires})


def purge(session: Session) -> None:
    """Forget the refusals whose day is over."""
    session.execute(delete(Answer).where(Answer.expires_at <= clock.now()))
