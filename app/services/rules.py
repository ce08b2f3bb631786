"""The rules in force: the store's active policy, or its plain one, read in the transaction that decides by it."""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any, cast

import orjson
from sqlalchemy import Boolean, and_, bindparam, select
from sqlalchemy.orm import Session

from app.models.policies import Policy as PolicyRow
from app.models.policies import PolicyPeriod
from app.models.stores import Store
from app.services.policy.document import PolicyDocument
from app.services.policy.engine import Guard
from app.services.policy.plain import Policy

PLAIN = "plain-1"
"""The version that stores decide under until they have written one."""
COMPILED = 512
"""How many rules are kept compiled in a process."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What binds a store in one mode."""

    policy_id: str | None
    version: str
    plain_policy: dict[str, Any] | None
    """Its content, where the plain policy decides."""
    document: PolicyDocument
    guard: Guard


_IN_FORCE = (
    select(Store.policy, PolicyRow.id, PolicyRow.version)
    .outerjoin(
        PolicyRow,
        and_(PolicyRow.store_id == Store.id, PolicyRow.livemode == bindparam("livemode"), PolicyRow.status == "active"),
    )
    .where(Store.id == bindparam("store"))
)
"""Built once: every decision asks it, and building takes longer than asking."""
_compiled: OrderedDict[tuple[str, int] | bytes, Rules] = OrderedDict()


def in_force(session: Session, store_id: str, *, livemode: bool) -> Rules:
    """The rules of a store and mode, read once in this transaction, so that all of it goes by one version."""
    seen = cast("dict[tuple[str, bool], Rules]", session.info.setdefault("rules", {}))
    found = seen.get((store_id, livemode))
    if found is None:
        found = seen[store_id, livemode] = _read(session, store_id, livemode)
    return found


def forget(session: Session) -> None:
    """Read them again: this transaction has just changed them."""
    session.info.pop("rules", None)
    session.info.pop("periods", None)


_PERIODS = (
    select(PolicyPeriod.since, PolicyPeriod.policy_id)
    .where(PolicyPeriod.store_id == bindparam("store"), PolicyPeriod.livemode == bindparam("livemode", type_=Boolean))
    .order_by(PolicyPeriod.since)
)


def bought_under(session: Session, store_id: str, placed_at: datetime, *, livemode: bool) -> str | None:
    """The version that was in force when an order was placed, the oldest where that was before it; None: there is none.

    What was in force once never changes again, so that the id says for ever which windows those were.
    """
    seen = cast("dict[tuple[str, bool], list[tuple[datetime, str]]]", session.info.setdefault("periods", {}))
    periods = seen.get((store_id, livemode))
    if periods is None:
        rows = session.execute(_PERIODS, {"store": store_id, "livemode": livemode})
        periods = seen[store_id, livemode] = [(since, policy_id) for since, policy_id in rows]
    before = bisect_right(periods, placed_at, key=itemgetter(0))
    return periods[max(0, before - 1)][1] if periods else None


def guard_for(session: Session, found: Rules, policy_id: str | None) -> Guard:
    """The guard that goes by these rules, and by the windows of the version under which an order was bought."""
    if policy_id is None or policy_id == found.policy_id:
        return found.guard
    return found.guard.under(of_row(session.get_one(PolicyRow, policy_id)).guard)


def document_of(session: Session, policy_id: str) -> PolicyDocument:
    """What a version says."""
    return of_row(session.get_one(PolicyRow, policy_id)).document


def _read(session: Session, store_id: str, livemode: bool) -> Rules:  # noqa: FBT001
    row: Any = session.execute(_IN_FORCE, {"store": store_id, "livemode": livemode}).one()
    plain, policy_id, version = row
    if policy_id is None:
        return of_plain(plain)
    known = _compiled.get((policy_id, version))
    return known or of_row(session.get_one(PolicyRow, policy_id))


def of_row(row: PolicyRow) -> Rules:
    """A version's rules, compiled once in this process; a draft that changes is another `version`."""
    key = (row.id, row.version)
    known = _compiled.get(key)
    if known is not None:
        return known
    document = PolicyDocument.model_validate(row.document)
    return _keep(key, _rules(row.id, str(row.number), None, document))


def of_plain(content: dict[str, Any]) -> Rules:
    """A plain policy's rules, compiled once in this process."""
    key = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    known = _compiled.get(key)
    if known is not None:
        return known
    document = PolicyDocument.of_plain(Policy.model_validate(content))
    return _keep(key, _rules(None, PLAIN, content, document))


def _rules(policy_id: str | None, version: str, plain: dict[str, Any] | None, document: PolicyDocument) -> Rules:
    return Rules(policy_id, version, plain, document, Guard(document, version))


def _keep(key: tuple[str, int] | bytes, found: Rules) -> Rules:
    _compiled[key] = found
    while len(_compiled) > COMPILED:
        _compiled.popitem(last=False)
    return found
