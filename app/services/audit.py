"""The audit trail: one append-only row per act on money and per administrative change, sealed into a hash chain."""

import hashlib
import secrets
from typing import Any

import orjson
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app import clock, ids
from app.models.records import AuditRow

SEAL_LOCK = 7302011
GENESIS = "0" * 64


def write(
    session: Session,
    *,
    action: str,
    subject_type: str,
    subject_id: str,
    actor: dict[str, Any],
    store_id: str | None,
    livemode: bool | None,
    evidence: dict[str, Any] | None = None,
    request_id: str | None = None,
) -> None:
    """Append a row in the caller's transaction: who, what, on which evidence."""
    session.add(
        AuditRow(
            id=ids.new("aud"),
            store_id=store_id,
            livemode=livemode,
            at=clock.now(),
            actor=actor,
            action=action,
            subject_type=subject_type,
            subject_id=subject_id,
            evidence=evidence or {},
            request_id=request_id,
        )
    )


def seal(session: Session, limit: int = 500) -> int:
    """Number the rows that committed since and chain their hashes; how many were sealed.

    Sealing comes after the commit, so that no writer waits for another's place in the chain.
    """
    if session.get_bind().dialect.name == "postgresql":
        got = session.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": SEAL_LOCK})
        if not got:
            return 0
    last = session.execute(
        select(AuditRow.number, AuditRow.hash)
        .where(AuditRow.number.is_not(None))
        .order_by(AuditRow.number.desc())
        .limit(1)
    ).first()
    number, chain = (last.number, last.hash) if last is not None else (0, GENESIS)
    rows = session.scalars(select(AuditRow).where(AuditRow.number.is_(None)).order_by(AuditRow.id).limit(limit)).all()
    for row in rows:
        number += 1
        row.evidence_salt = secrets.token_hex(16)
        row.evidence_digest = _of_evidence(row)
        chain = _digest(chain, number, row)
        row.number, row.hash = number, chain
    return len(rows)


def verify(session: Session) -> tuple[int, int | None]:
    """How many rows are sealed, and the number of the first that does not fit the chain (None: all fit)."""
    chain, expected = GENESIS, 0
    for row in session.scalars(
        select(AuditRow).where(AuditRow.number.is_not(None)).order_by(AuditRow.number).execution_options(yield_per=500)
    ):
        expected += 1
        assert row.number is not None
        chain = _digest(chain, row.number, row)
        erased = row.evidence_digest is not None and row.evidence_salt is None
        held = row.evidence_digest is None or erased or row.evidence_digest == _of_evidence(row)
        if row.number != expected or row.hash != chain or not held:
            return expected - 1, row.number
    return expected, None


def without_evidence(session: Session) -> int:
    """How many sealed rows fit the chain without their evidence: it was an erased person's."""
    erased = AuditRow.evidence_digest.is_not(None) & AuditRow.evidence_salt.is_(None)
    return session.scalar(select(func.count()).select_from(AuditRow).where(erased)) or 0


def erase_evidence(session: Session, row_id: str, left: dict[str, Any]) -> bool:
    """Put `left` in the place of a row's evidence, so that the chain still fits; whether that can be.

    Not where the evidence itself stands in the chain: it was sealed before there were digests of it. Nobody seals
    meanwhile: a row that was read unsealed would be given a digest of what it had.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": SEAL_LOCK})
    row = session.get_one(AuditRow, row_id, with_for_update=True)
    if row.number is not None and row.evidence_digest is None:
        return False
    row.evidence = left
    if row.number is not None:
        row.evidence_salt = None
    session.flush()
    return True


def unsealed(session: Session) -> int:
    """Rows that wait to be sealed."""
    return session.scalar(select(func.count()).select_from(AuditRow).where(AuditRow.number.is_(None))) or 0


def _digest(chain: str | None, number: int, row: AuditRow) -> str:
    content = {
        "number": number,
        "id": row.id,
        "store_id": row.store_id,
        "livemode": row.livemode,
        "at": clock.rfc3339(row.at),
        "actor": row.actor,
        "action": row.action,
        "subject_type": row.subject_type,
        "subject_id": row.subject_id,
        "evidence": row.evidence if row.evidence_digest is None else {"sha256": row.evidence_digest},
        "request_id": row.request_id,
    }
    body = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256((chain or "").encode() + body).hexdigest()


def _of_evidence(row: AuditRow) -> str:
    body = orjson.dumps(row.evidence, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256((row.evidence_salt or "").encode() + body).hexdigest()
